/* Small multiples: a row a layer, a column a head, each a button that opens it. */

const LARGEST_SMALL_CELL = 16, AROUND_HEAD = 28;

function smallHeads(view, room, onChoose) {
  const columns = view.weights[0].length;
  const grid = element("div", { className: "heads" });
  grid.style.gridTemplateColumns = `repeat(${columns}, max-content)`;
  const fitting = Math.floor((room / columns - AROUND_HEAD) / view.src.length);
  const cell = Math.max(2, Math.min(LARGEST_SMALL_CELL, fitting));
  const canvases = [];
  view.weights.forEach((heads, layer) => heads.forEach((values, head) => {
    const canvas = element("canvas", { width: cell * view.src.length, height: cell * view.tgt.length });
    canvases.push([canvas, values]);
    const name = `layer ${layer + 1}, head ${head + 1}`;
    const open = element("button", { type: "button", ariaLabel: `Open ${name}` },
      canvas, element("span", { textContent: name }));
    open.addEventListener("click", () => onChoose(layer, head));
    grid.append(open);
  }));
  const isMirrored = isRightToLeft(view.src.join(" "));
  function paint() {
    const style = getComputedStyle(document.documentElement);
    for (const [canvas, values] of canvases) {
      const brush = canvas.getContext("2d");
      brush.globalAlpha = 1;
      brush.fillStyle = style.getPropertyValue("--panel");
      brush.fillRect(0, 0, canvas.width, canvas.height);
      brush.fillStyle = style.getPropertyValue("--ink");
      values.forEach((line, row) => line.forEach((value, column) => {
        // in a small picture a pale cell is lost, so pale ones are lifted
        brush.globalAlpha = Math.sqrt(value);
        const across = isMirrored ? line.length - 1 - column : column;
        brush.fillRect(cell * across, cell * row, cell, cell);
      }));
    }
  }
  paint();
  return { node: grid, paint };
}
