"use strict";
/* What all parts of a page build with. Text is set as text: no word can become markup. */

const parts = {};

function element(name, facts = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(facts)) {
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

function shape(name, facts = {}, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(facts)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

const pen = document.createElement("canvas").getContext("2d");

function widthOf(text, size) {
  pen.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
  return pen.measureText(text).width;
}

/* True where the first letter with a direction is written from right to left; marks have none. */
function isRightToLeft(text) {
  const letter = /\p{L}/u.exec(text.replace(/<\/?(s|unk|pad)>/g, ""));
  return letter !== null && /[\p{sc=Hebr}\p{sc=Arab}\p{sc=Syrc}\p{sc=Thaa}\p{sc=Nkoo}]/u.test(letter[0]);
}

function percent(value) {
  return `${(100 * value).toFixed(1)}%`;
}

/* A labelled choice among [value, text] pairs; nothing where there is nothing to choose. */
function chooser(name, pairs, chosen, onChange) {
  if (pairs.length < 2) return [];
  const list = element("select", { name });
  for (const [value, text] of pairs) {
    list.append(element("option", { value, textContent: text, selected: String(value) === String(chosen) }));
  }
  list.addEventListener("change", () => onChange(list.value));
  return [element("label", {}, element("span", { textContent: name }), list)];
}

function tick(name, isOn, onChange) {
  const box = element("input", { type: "checkbox", checked: isOn, name });
  box.addEventListener("change", () => onChange(box.checked));
  return element("label", {}, box, name);
}
