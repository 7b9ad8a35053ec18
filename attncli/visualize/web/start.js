for (const home of document.querySelectorAll("section[data-kind]")) {
  const data = JSON.parse(document.getElementById(home.dataset.from).textContent);
  parts[home.dataset.kind](home, data);
}
