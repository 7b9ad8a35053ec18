/* Charts that are drawn already, each with a link to keep it as a file. */

parts.figures = (home, data) => {
  const grid = element("div", { className: "figures" });
  for (const one of data) {
    grid.append(element("figure", {}, element("img", { src: one.svg, alt: one.name.replaceAll("-", " ") }),
      element("figcaption", {}, `${one.note} `,
        element("a", { href: one.svg, download: `${one.name}.svg`, textContent: "SVG" }))));
  }
  home.append(grid);
};
