/* One heat map in SVG: a row a target word, a column a source word, read from right to left where
   the source is. `map` has src, tgt, values (rows of numbers from 0 to 1), gold ([row, column]
   pairs), places (centre, begin, end: a number a row) and gates (name to a number a row). */

const SMALLEST_CELL = 13, LARGEST_CELL = 40, CELL_WITH_NUMBER = 30, LONGEST_LABEL = 180, GATE = 64;

function heatmap(map, room, onLook) {
  const rows = map.tgt.length, columns = map.src.length;
  const names = Object.keys(map.gates);
  const left = Math.min(LONGEST_LABEL, Math.max(...map.tgt.map((word) => widthOf(word, 13)))) + 10;
  const spare = room - left - names.length * GATE - 60;
  const cell = Math.max(SMALLEST_CELL, Math.min(LARGEST_CELL, Math.floor(spare / columns)));
  const size = Math.min(13, cell - 1);
  const longest = Math.min(LONGEST_LABEL, Math.max(...map.src.map((word) => widthOf(word, size))));
  const isFlat = longest + 6 <= cell;
  const top = isFlat ? size + 10 : 0.87 * longest + 14;
  const isMirrored = isRightToLeft(map.src.join(" "));
  const x = (column) => left + cell * (isMirrored ? columns - 1 - column : column);
  const y = (row) => top + cell * row;
  const right = left + cell * columns, bottom = y(rows);
  const width = right + names.length * GATE + (isFlat ? 12 : 0.5 * longest + 12);
  const svg = shape("svg", {
    width, height: bottom + 4, viewBox: `0 0 ${width} ${bottom + 4}`, tabindex: 0, role: "img",
    "aria-label": `Heat map of ${rows} target and ${columns} source words. Arrow keys move over it.`,
  });

  const rowLabels = map.tgt.map((word, row) => label(word, left - 6, y(row) + cell / 2, size, true));
  const columnLabels = map.src.map((word, column) => {
    const made = label(word, x(column) + cell / 2, top - 7, size, false);
    if (isFlat) made.setAttribute("text-anchor", "middle");
    else made.setAttribute("transform", `rotate(-60 ${x(column) + cell / 2} ${top - 7})`);
    return made;
  });
  svg.append(...rowLabels, ...columnLabels);
  const lines = [];
  for (let row = 0; row <= rows; row++) lines.push(`M${left} ${y(row)}H${right}`);
  for (let column = 0; column <= columns; column++) lines.push(`M${left + cell * column} ${top}V${bottom}`);
  svg.append(shape("path", { class: "grid", d: lines.join("") }));

  map.values.forEach((line, row) => line.forEach((value, column) => {
    if (value < 0.005) return;
    const at = { x: x(column), y: y(row), width: cell, height: cell };
    svg.append(shape("rect", { class: "cell", "fill-opacity": value.toFixed(3), ...at }));
    if (cell >= CELL_WITH_NUMBER) {
      const kind = value > 0.5 ? "number strong" : "number";
      svg.append(shape("text", { class: kind, x: x(column) + cell / 2, y: y(row) + cell / 2,
        "font-size": 11 }, (100 * value).toFixed(0)));
    }
  }));
  for (const [row, column] of map.gold) {
    const thick = cell > 20 ? 2 : 1.5;
    svg.append(shape("rect", { class: "gold", "stroke-width": thick, x: x(column) + thick / 2,
      y: y(row) + thick / 2, width: cell - thick, height: cell - thick }));
  }
  svg.append(...windowMarks(), ...gateColumns());
  const cursor = shape("rect", { class: "cursor", width: cell, height: cell, visibility: "hidden" });
  const over = shape("rect", { class: "over", x: left, y: top, width: cell * columns, height: cell * rows });
  svg.append(cursor, over);

  function label(word, atX, atY, fontSize, isRow) {
    const isBackward = isRightToLeft(word);
    const facts = { x: atX, y: atY, "font-size": fontSize, direction: isBackward ? "rtl" : "ltr" };
    // the anchor's start is the side from which the word is read
    facts["text-anchor"] = isRow === isBackward ? "start" : "end";
    if (isRow) facts["dominant-baseline"] = "central";
    const made = shape("text", facts, shortened(word, fontSize));
    made.append(shape("title", {}, word));
    return made;
  }

  function shortened(word, fontSize) {
    const signs = [...word];
    while (signs.length > 1 && widthOf(signs.join("") + "…", fontSize) > LONGEST_LABEL) signs.pop();
    return signs.length < [...word].length ? signs.join("") + "…" : word;
  }

  function middle(position) {
    const inside = Math.max(-0.5, Math.min(columns - 0.5, position));
    return left + cell * (isMirrored ? columns - 0.5 - inside : inside + 0.5);
  }

  function windowMarks() {
    const { centre = [], begin = [], end = [] } = map.places;
    const made = begin.map((from, row) => Number.isFinite(from) && Number.isFinite(end[row])
      && shape("line", { class: "window", x1: middle(from),
        x2: middle(end[row]), y1: y(row) + cell - 2, y2: y(row) + cell - 2 }));
    return made.concat(centre.map((place, row) => Number.isFinite(place)
      && shape("circle", { class: "centre",
        cx: middle(place), cy: y(row) + cell - 3, r: Math.min(4, cell / 4) }))).filter(Boolean);
  }

  function gateColumns() {
    return names.flatMap((name, number) => {
      const begin = right + 14 + GATE * number, long = GATE - 20;
      const most = Math.max(1, ...map.gates[name].filter(Number.isFinite));
      const made = [shape("text", { x: begin, y: top - 7, "font-size": 12 }, name)];
      map.gates[name].forEach((value, row) => {
        const share = Math.max(0, value / most);
        const at = { x: begin, y: y(row) + cell / 4, height: cell / 2 };
        made.push(shape("rect", { class: "track", width: long, ...at }));
        const bar = shape("rect", { class: "gate", width: long * share, ...at });
        bar.append(shape("title", {}, `${name} ${value}`));
        made.push(bar);
      });
      return made;
    });
  }

  let looked = [-1, -1];
  function look(row, column) {
    looked = [row, column];
    rowLabels.forEach((made, at) => made.classList.toggle("near", at === row));
    columnLabels.forEach((made, at) => made.classList.toggle("near", at === column));
    const isCell = row >= 0 && column >= 0;
    cursor.setAttribute("visibility", isCell ? "visible" : "hidden");
    if (isCell) {
      cursor.setAttribute("x", x(column));
      cursor.setAttribute("y", y(row));
    }
  }
  function cellAt(event) {
    const box = over.getBoundingClientRect();
    const across = Math.floor((event.clientX - box.left) / box.width * columns);
    const row = Math.floor((event.clientY - box.top) / box.height * rows);
    const column = isMirrored ? columns - 1 - across : across;
    return [Math.max(0, Math.min(rows - 1, row)), Math.max(0, Math.min(columns - 1, column))];
  }
  over.addEventListener("pointermove", (event) => onLook(...cellAt(event), false));
  over.addEventListener("pointerleave", () => onLook(-1, -1, false));
  over.addEventListener("click", (event) => onLook(...cellAt(event), true));
  svg.addEventListener("keydown", (event) => {
    const sideways = isMirrored ? -1 : 1;
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -sideways],
      ArrowRight: [0, sideways] }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const [row, column] = looked[0] < 0 || looked[1] < 0 ? [0, 0] : [looked[0] + step[0], looked[1] + step[1]];
    onLook(Math.max(0, Math.min(rows - 1, row)), Math.max(0, Math.min(columns - 1, column)), true);
  });
  return { node: svg, look };
}
