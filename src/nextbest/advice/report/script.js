"use strict";
document.documentElement.classList.add("js");

for (const button of document.querySelectorAll("[data-scheme]")) {
  button.addEventListener("click", () => {
    document.documentElement.style.colorScheme = button.dataset.scheme;
    for (const other of document.querySelectorAll("[data-scheme]"))
      other.setAttribute("aria-pressed", String(other === button));
  });
}

const keyOf = (row, at) => {
  const cell = row.cells[at];
  return "v" in cell.dataset ? parseFloat(cell.dataset.v) : cell.textContent.trim();
};
const compare = (a, b) =>
  typeof a === "number" ? (Number.isNaN(a) ? -Infinity : a) - (Number.isNaN(b) ? -Infinity : b) : a.localeCompare(b);

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const sign = head.getAttribute("aria-sort") === "descending" ? 1 : -1;
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => sign * compare(keyOf(a, at), keyOf(b, at)));
      table.tBodies[0].append(...rows);
    });
  });
}

addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details.print")) details.open = true;
});
