/* The attention of several systems on one sentence side by side, and sentences on which their
   translations differ. */

function panel(system, note) {
  const box = element("div", { className: "system" }, element("h3", { textContent: system.name }));
  box.append(element("p", { className: "text", dir: "auto", textContent: system.text || "(nothing)" }));
  if (system.view === null) {
    box.append(element("p", { className: "key", textContent: "It has no attention." }));
    return box;
  }
  const view = unpacked(system.view), state = { layer: MEAN, head: MEAN };
  const layers = view.weights.length, heads = view.weights[0].length;
  const controls = element("div", { className: "controls" }), place = element("div", { className: "map" });
  const picks = (kind, many) => [[MEAN, `mean of ${kind}s`],
    ...Array.from({ length: many }, (_, at) => [at, `${kind} ${at + 1}`])];
  const number = (text) => (text === MEAN ? text : Number(text));
  controls.append(...chooser("layer", layers > 1 ? picks("layer", layers) : [], MEAN, (value) => {
    state.layer = number(value);
    draw();
  }), ...chooser("head", heads > 1 ? picks("head", heads) : [], MEAN, (value) => {
    state.head = number(value);
    draw();
  }));
  controls.hidden = !controls.childElementCount;
  box.append(controls, place);

  function draw() {
    const values = chosen(view.weights, state.layer, state.head);
    const places = mapValues(view.places, (stack) => chosen(stack, state.layer, state.head));
    const map = { src: view.src, tgt: view.tgt, values, gold: view.gold, places, gates: {} };
    const drawn = heatmap(map, 1, (row, column) => {
      drawn.look(row, column);
      note(row < 0 || column < 0 ? "" : `${system.name}: ${view.tgt[row]} ← ${view.src[column]}: ${percent(values[row][column])}`);
    });
    place.replaceChildren(drawn.node);
  }
  draw();
  return box;
}

parts.side_by_side = (home, data) => {
  const controls = element("div", { className: "controls" }), lines = element("dl", { className: "pair" });
  const readout = element("p", { className: "readout", role: "status" });
  const grid = element("div", { className: "systems" });
  const rest = "Every system writes the reference, word for word; point at a cell. Under each name: its own translation.";
  const note = (text) => { readout.textContent = text || rest; };
  const show = (at) => {
    lines.replaceChildren(...pairLines(data[at]));
    grid.replaceChildren(...data[at].systems.map((system) => panel(system, note)));
    note("");
  };
  controls.append(...chooser("sentence", data.map((one, at) => [at, `${at + 1}. ${one.source}`]), 0,
    (value) => show(Number(value))));
  home.append(controls, lines, readout, grid);
  show(0);
};

function pairLines(one) {
  return ["source", "reference"].flatMap((side) => [element("dt", { textContent: side }),
    element("dd", { dir: "auto", textContent: one[side] })]);
}

parts.examples = (home, data) => {
  for (const one of data) {
    const lines = one.systems.toSorted((a, b) => b.score - a.score).flatMap((system) => [
      element("dt", {}, system.name, element("small", { textContent: ` chrF ${system.score.toFixed(1)}` })),
      element("dd", { dir: "auto", textContent: system.text || "(nothing)" })]);
    home.append(element("dl", { className: "pair example" }, ...pairLines(one), ...lines));
  }
};

parts.emergence = (home, data) => {
  const state = { system: 0, step: 0 };
  const place = element("div", { className: "map" }), said = element("output", { className: "key" });
  const slider = element("input", { type: "range", min: 0, name: "step" });
  const controls = element("div", { className: "controls" }, ...chooser("system",
    data.map((one, at) => [at, one.name]), 0, (value) => { state.system = Number(value); draw(); }),
  element("label", {}, element("span", { textContent: "training" }), slider), said);
  function draw() {
    const one = data[state.system];
    slider.max = one.steps.length - 1;
    state.step = Math.min(state.step, one.steps.length - 1);
    slider.value = state.step;
    said.textContent = `after step ${one.steps[state.step].toLocaleString("en")}`;
    const view = unpacked({ ...one.view, weights: one.weights[state.step] });
    const map = { src: view.src, tgt: view.tgt, values: view.weights[0][0], gold: view.gold, places: {}, gates: {} };
    const drawn = heatmap(map, place.clientWidth, (row, column) => drawn.look(row, column));
    place.replaceChildren(drawn.node);
  }
  slider.addEventListener("input", () => { state.step = Number(slider.value); draw(); });
  state.step = data[0].steps.length - 1;
  home.append(controls, place);
  draw();
};
