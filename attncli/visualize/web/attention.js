/* Sentences with their translations and what was looked at for them: choices above, the words in
   running text, and a heat map. `data.sentences` is a list of lists of translations. */

const ALL = "all", MEAN = "mean";
const SIDES = { cross: "decoder to source", encoder: "encoder to itself", decoder: "decoder to itself" };

function unpacked(view) {
  const rows = (numbers, count) => {
    const wide = numbers.length / count;
    return Array.from({ length: count }, (_, row) => numbers.slice(row * wide, (row + 1) * wide));
  };
  const each = (stack, change) => stack.map((heads) => heads.map(change));
  const cells = {};
  for (const [name, stack] of Object.entries(view.cells)) {
    cells[name] = each(stack, (flat) => rows(flat, view.tgt.length));
  }
  const weights = each(view.weights, (flat) => rows(flat.map((part) => part / 1000), view.tgt.length));
  return { ...view, weights, cells };
}

/* The numbers of one layer and head, or the mean over those that are not chosen and have one. */
function chosen(stack, layer, head) {
  const layers = layer === MEAN ? stack : [stack[Math.min(layer, stack.length - 1)]];
  const picked = layers.flatMap((heads) => (head === MEAN ? heads : [heads[Math.min(head, heads.length - 1)]]));
  const mean = (numbers) => {
    if (Array.isArray(numbers[0])) return numbers[0].map((_, at) => mean(numbers.map((one) => one[at])));
    const known = numbers.filter(Number.isFinite);
    return known.length ? known.reduce((sum, one) => sum + one, 0) / known.length : null;
  };
  return mean(picked);
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

/* Numbers of any size, shaded from the least to the most. */
function spread(lines) {
  const known = lines.flat().filter(Number.isFinite);
  const least = Math.min(...known), most = Math.max(...known);
  return lines.map((line) => line.map((value) => (Number.isFinite(value) ? (value - least) / (most - least || 1) : 0)));
}

parts.attention = (home, data) => {
  const state = { sentence: 0, translation: 0, unit: "words", side: "cross", layer: MEAN, head: MEAN,
    shade: "weights", gold: true, places: true, row: -1, column: -1, pinned: false };
  const controls = element("div", { className: "controls" });
  const lines = element("div", { className: "lines" });
  const readout = element("p", { className: "readout", role: "status" });
  const place = element("div", { className: "map" });
  const key = element("p", { className: "key" });
  home.append(controls, lines, readout, place, key);
  let view, map, drawn, repaint, buttons;

  function set(changes) {
    Object.assign(state, { row: -1, column: -1, pinned: false }, changes);
    draw();
  }

  function draw() {
    const translations = data.sentences[state.sentence];
    const translation = translations[state.translation];
    if (!(state.side in translation.sides)) state.side = Object.keys(translation.sides)[0];
    view = unpacked(translation.sides[state.side][state.unit]);
    const layers = view.weights.length, heads = view.weights[0].length;
    if (layers * heads === 1 && state.head === ALL) state.head = MEAN;
    drawControls(translations, translation, layers, heads);
    const isAll = state.head === ALL;
    map = isAll ? null : {
      src: view.src, tgt: view.tgt, weights: chosen(view.weights, state.layer, state.head),
      gold: state.gold ? view.gold : [],
      places: state.places ? mapValues(view.places, (stack) => chosen(stack, state.layer, state.head)) : {},
      gates: mapValues(view.gates, (stack) => chosen(stack, state.layer, state.head)),
      cells: mapValues(view.cells, (stack) => chosen(stack, state.layer, state.head)),
    };
    if (isAll) {
      drawn = smallHeads(view, place.clientWidth, (layer, head) => set({ layer, head }));
      repaint = drawn.paint;
    } else {
      map.values = state.shade in map.cells ? spread(map.cells[state.shade]) : map.weights;
      drawn = heatmap(map, place.clientWidth, look);
      repaint = () => {};
    }
    place.replaceChildren(drawn.node);
    drawLines();
    explainKey(isAll);
    look(state.row, state.column, false);
  }

  function drawControls(translations, translation, layers, heads) {
    const number = (text) => (text === MEAN || text === ALL ? text : Number(text));
    const count = (kind, many) => Array.from({ length: many }, (_, at) => [at, `${kind} ${at + 1}`]);
    const items = [
      ...chooser("sentence", data.sentences.map((one, at) => [at, `${at + 1}. ${one[0].source}`]),
        state.sentence, (value) => set({ sentence: Number(value), translation: 0 })),
      ...chooser("translation", translations.map((one, at) => [at,
        `${one.how === "search" ? at + 1 : "reference"}. ${one.text} (${one.score.toFixed(2)})`]),
      state.translation, (value) => set({ translation: Number(value) })),
      ...chooser("view", [["words", "words"], ["pieces", "subwords"]], state.unit, (unit) => set({ unit })),
      ...chooser("attention", Object.keys(translation.sides).map((side) => [side, SIDES[side] ?? side]),
        state.side, (side) => set({ side })),
    ];
    if (layers * heads > 1) {
      items.push(...chooser("layer", [[MEAN, "mean of all"], ...count("layer", layers)],
        state.layer, (value) => set({ layer: number(value), head: state.head === ALL ? MEAN : state.head })));
      items.push(...chooser("head", [[MEAN, "mean of all"], ...count("head", heads), [ALL, "all, side by side"]],
        state.head, (value) => set({ head: number(value) })));
    }
    const shades = ["weights", ...Object.keys(view.cells)];
    if (state.head !== ALL) items.push(...chooser("shade", shades.map((name) => [name, name]), state.shade, (shade) => set({ shade })));
    if (view.gold.length) items.push(tick("gold links", state.gold, (gold) => set({ gold })));
    if (Object.keys(view.places).length) items.push(tick("window", state.places, (places) => set({ places })));
    const name = document.activeElement?.name;
    controls.replaceChildren(...items);
    controls.hidden = items.length === 0;
    if (name) controls.querySelector(`[name="${name}"]`)?.focus();
  }

  function drawLines() {
    const line = (title, words, onEach) => {
      const made = words.map((word, at) => {
        const button = element("button", { type: "button", textContent: word, dir: "auto" });
        button.addEventListener("pointerenter", () => onEach(at, false));
        button.addEventListener("focus", () => onEach(at, false));
        button.addEventListener("click", () => onEach(at, true));
        return button;
      });
      const dir = isRightToLeft(words.join(" ")) ? "rtl" : "ltr";
      lines.append(element("p", { className: "line" }, element("b", { textContent: title }),
        element("span", { dir }, ...made)));
      return made;
    };
    lines.replaceChildren();
    buttons = {
      src: line(view.sides[1], view.src, (column, isClick) => look(-1, column, isClick)),
      tgt: line(view.sides[0], view.tgt, (row, isClick) => look(row, -1, isClick)),
    };
    lines.hidden = map === null;
  }

  /* Shows one cell, a whole row (column -1), a whole column (row -1) or nothing. A click pins it. */
  function look(row, column, isClick) {
    if (map === null) {
      readout.textContent = "Choose a head to see its words.";
      return;
    }
    if (isClick) {
      const isSame = state.pinned && row === state.row && column === state.column;
      state.pinned = !isSame;
    } else if (state.pinned) return;
    Object.assign(state, { row, column });
    drawn.look(row, column);
    const linked = new Set(view.gold.map(([t, s]) => `${t} ${s}`));
    const dress = (button, weight, isChosen, isGold) => {
      button.style.setProperty("--weight", weight.toFixed(3));
      button.classList.toggle("strong", weight > 0.5);
      button.classList.toggle("gold", isGold && state.gold);
      button.setAttribute("aria-pressed", isChosen);
    };
    buttons.src.forEach((button, at) => dress(button, row < 0 ? 0 : map.weights[row][at], at === column,
      linked.has(`${row} ${at}`)));
    buttons.tgt.forEach((button, at) => dress(button, row < 0 && column >= 0 ? map.weights[at][column] : 0,
      at === row, row < 0 && linked.has(`${at} ${column}`)));
    readout.textContent = said(row, column, linked);
  }

  function said(row, column, linked) {
    const facts = [];
    if (row < 0 && column < 0) return "Point at a word or a cell; a click keeps it, arrow keys move.";
    if (row >= 0 && column >= 0) {
      facts.push(`${map.tgt[row]} ← ${map.src[column]}: ${percent(map.weights[row][column])}`);
      for (const [name, cells] of Object.entries(map.cells)) facts.push(`${name} ${format(cells[row][column])}`);
      if (linked.has(`${row} ${column}`)) facts.push("gold link");
    } else {
      const numbers = row >= 0 ? map.weights[row] : map.weights.map((line) => line[column]);
      const words = row >= 0 ? map.src : map.tgt;
      const best = numbers.map((value, at) => [value, words[at]]).sort((a, b) => b[0] - a[0]).slice(0, 4);
      const list = best.filter(([value]) => value >= 0.005).map(([value, word]) => `${word} ${percent(value)}`);
      facts.push(row >= 0 ? `${map.tgt[row]} looks at ${list.join(", ") || "nothing"}`
        : `${map.src[column]} is looked at by ${list.join(", ") || "nobody"}`);
    }
    if (row >= 0) {
      for (const [name, gate] of Object.entries({ ...map.places, ...map.gates })) {
        // positions count from 1 for a reader, as words do
        facts.push(`${name} ${format(name in map.places ? gate[row] + 1 : gate[row])}`);
      }
    }
    return facts.join(" · ");
  }

  function format(value) {
    return Number.isFinite(value) ? value.toFixed(2) : "–";
  }

  function explainKey(isAll) {
    const said = [`rows: ${view.sides[0]}, columns: ${view.sides[1]}`, "the stronger the colour, the more was looked"];
    if (isAll) said.push("each picture is one head, shaded by the root of the weight: click one to open it");
    if (!isAll && map.gold.length) said.push("outlined: gold links");
    if (!isAll && Object.keys(map.places).length) said.push("dot: centre of the window, line: its reach");
    if (!isAll && Object.keys(map.gates).length) said.push("bars at the right: from 0 to 1, or to the largest");
    key.textContent = said.join(" · ");
  }

  home.addEventListener("keydown", (event) => {
    if (event.key === "Escape") set({});
  });
  let width = 0;
  new ResizeObserver(() => {
    if (Math.abs(place.clientWidth - width) > 8) {
      width = place.clientWidth;
      draw();
    }
  }).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => repaint());
  draw();
};
