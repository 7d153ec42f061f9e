// The page: its state, and the reader's actions.

const state = { plan: PLAN, colour: PLAN.run ? "guesses" : "cost", pointed: null, kept: null };
let graph, view;

function draw() {
  state.pointed = state.kept = null;
  graph = new Graph(state.plan, point, (operator) => { if (!view.hasMoved) keep(operator); });
  graph.colour(state.colour);
  view = new View(state.plan.drawing);
  const first = graph.boxes.get(state.plan.drawing.boxes.at(-1)?.operator);
  if (first) first.element.setAttribute("tabindex", "0");
  document.getElementById("summary").textContent = state.plan.summary();
  refresh();
}

function refresh() {
  const shown = state.pointed ?? state.kept;
  graph.focus(shown, shown === state.kept);
  const details = document.getElementById("details");
  details.replaceChildren(...(shown === null ? overviewOf(state.plan, keep) : detailsOf(state.plan, state.plan.operators[shown], shown === state.kept, keep, () => keep(null))));
  details.scrollTop = 0;
}

function point(operator) {
  if (view.from) return;
  state.pointed = operator;
  refresh();
}

/** Keeps showing the details of an operator, or of the whole plan. */
function keep(operator) {
  state.pointed = null;
  state.kept = operator;
  if (operator !== null) {
    const box = graph.boxes.get(operator);
    view.reveal(box);
    for (const other of graph.boxes.values()) other.element.setAttribute("tabindex", other === box ? "0" : "-1");
    box.element.focus({ preventScroll: true });
    state.pointed = null;
  }
  refresh();
}

function choices(id, options, chosen, onChange) {
  const fieldset = document.getElementById(id);
  for (const [value, label] of options) {
    const input = html("input", { type: "radio", name: id, value, onchange: () => onChange(value) });
    input.checked = value === chosen;
    fieldset.append(html("label", {}, [input, label]));
  }
  fieldset.hidden = options.length < 2;
}

function showLegend() {
  const { legend } = COLOURS[state.colour];
  const items = legend.map((text, number) => html("span", { class: "tone-" + TONES[number] }, [html("i", {}), text]));
  const frames = state.plan.drawing.frames.length > 0 ? [html("span", {}, "frame: a loop, with rows and estimates of a round")] : [];
  document.getElementById("legend").replaceChildren(...items, html("span", {}, "lines: wide for many bytes, blue where rows change tasks"), ...frames);
}

function toggleTheme() {
  const root = document.documentElement;
  root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
}

document.addEventListener("keydown", (event) => {
  if (event.target instanceof HTMLInputElement || event.altKey || event.metaKey || event.ctrlKey) return;
  const box = [...graph.boxes].find(([, box]) => box.element === document.activeElement);
  if (event.key === "Escape") keep(null);
  else if (event.key === "+" || event.key === "=") view.zoom(1.25);
  else if (event.key === "-") view.zoom(0.8);
  else if (event.key === "0") view.fit();
  else if (event.key === "t") toggleTheme();
  else if (box && (event.key === "Enter" || event.key === " ")) keep(box[0]);
  else if (event.key.startsWith("Arrow") && box) {
    const next = graph.neighbour(box[0], event.key);
    if (next !== undefined) keep(next);
  } else return;
  event.preventDefault();
});

document.getElementById("graph").addEventListener("click", (event) => {
  if (event.target === event.currentTarget && !view.hasMoved) keep(null);
});
document.getElementById("title").textContent = DATA.title;
document.getElementById("in").onclick = () => view.zoom(1.25);
document.getElementById("out").onclick = () => view.zoom(0.8);
document.getElementById("fit").onclick = () => view.fit();
document.getElementById("theme").onclick = toggleTheme;
document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
choices("runs", EARLIER ? [["this", "This run"], ["earlier", "Earlier"]] : [], "this", (value) => { state.plan = value === "this" ? PLAN : EARLIER; draw(); showLegend(); });
const usable = Object.entries(COLOURS).filter(([name]) => name === "change" ? EARLIER : name === "cost" || PLAN.run);
choices("colours", usable.map(([name, { label }]) => [name, label]), state.colour, (value) => { state.colour = value; graph.colour(value); showLegend(); });
let resizes;
addEventListener("resize", () => { clearTimeout(resizes); resizes = setTimeout(() => view.fit(), 150); });
draw();
showLegend();
