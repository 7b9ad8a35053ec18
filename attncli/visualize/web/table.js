/* A table that sorts by the column whose heading is clicked, with what stands above and below it. */

parts.table = (home, data) => {
  const said = (lines) => element("ul", { className: "said" },
    ...lines.map((line) => element("li", { textContent: line.trim(),
      className: line.startsWith("warning") ? "warning" : "" })));
  const number = (cell) => {
    const found = /^[+-]?[\d,]+(\.\d+)?/.exec(cell.replace("−", "-").replace("<.", "0."));
    return found ? Number(found[0].replaceAll(",", "")) : null;
  };
  const state = { column: -1, falls: true };
  const body = element("tbody");
  const heads = data.headings.map((heading, column) => {
    const button = element("button", { type: "button", textContent: heading || "row" });
    button.addEventListener("click", () => sort(column));
    return element("th", { scope: "col" }, button);
  });
  const lines = data.lines.map((cells) => element("tr", {}, ...cells.map((cell, column) => (
    column ? element("td", { textContent: cell, className: number(cell) === null && cell !== "–" ? "word" : "" })
      : element("th", { scope: "row", textContent: cell })))));

  function compared(one, other) {
    const [a, b] = [one, other].map((line) => data.lines[line][state.column]);
    const [x, y] = [number(a), number(b)];
    if (state.column === 0) return a.localeCompare(b);
    if (x === null && y === null) return state.falls ? b.localeCompare(a) : a.localeCompare(b);
    if (x === null || y === null) return x === null ? 1 : -1;
    return state.falls ? y - x : x - y;
  }

  function sort(column) {
    state.falls = column === state.column ? !state.falls : true;
    state.column = column;
    const order = [...lines.keys()].sort(compared);
    if (column === 0 && !state.falls) order.reverse();
    const direction = (column === 0) === state.falls ? "ascending" : "descending";
    heads.forEach((head, at) => head.setAttribute("aria-sort", at === column ? direction : "none"));
    body.replaceChildren(...order.map((line) => lines[line]));
  }

  body.append(...lines);
  home.append(said(data.above), element("div", { className: "wide" },
    element("table", {}, element("thead", {}, element("tr", {}, ...heads)), body)), said(data.below));
};
