// The drawing: boxes, lines and frames at the places of the plan's drawing; zoom and pan.

const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes, parent, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  if (parent) parent.append(element);
  return element;
}

/** Shows the whole title if it fits, else the one with short paths, else its beginning. */
function fitTitle(element, operator, width) {
  if (element.getComputedTextLength() <= width) return;
  element.textContent = operator.shortTitle;
  fitText(element, width);
}

/** Shortens an element's text to a width. */
function fitText(element, width) {
  const all = element.textContent;
  if (element.getComputedTextLength() <= width) return;
  let [fits, tooLong] = [0, all.length];
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    element.textContent = all.slice(0, middle).trimEnd() + "…";
    if (element.getComputedTextLength() <= width) fits = middle; else tooLong = middle;
  }
  element.textContent = all.slice(0, fits).trimEnd() + "…";
}

/** Lines of words within a width, around a middle: two of large letters, or else three of smaller ones. */
function wrapText(parent, text, x, middle, width) {
  for (const { name, step, most } of [{ name: "title", step: 29, most: 2 }, { name: "title is-long", step: 25, most: 3 }]) {
    const group = svg("g", {}, parent);
    const lines = [];
    let line = null;
    for (const word of text.split(" ")) {
      const longer = line === null ? word : line.textContent + " " + word;
      if (line !== null) line.textContent = longer;
      if (line === null || (line.getComputedTextLength() > width && lines.length < most)) {
        if (line !== null) line.textContent = longer.slice(0, -word.length - 1);
        line = svg("text", { x, class: name }, group, word);
        lines.push(line);
      }
    }
    const fits = lines.every((line) => line.getComputedTextLength() <= width);
    if (!fits && most === 2) { group.remove(); continue; }
    lines.forEach((line, number) => {
      fitText(line, width);
      line.setAttribute("y", middle + 0.32 * step + step * (number - (lines.length - 1) / 2));
    });
    return;
  }
}

class Graph {
  constructor(plan, onFocus, onKeep) {
    this.plan = plan;
    this.world = document.getElementById("world");
    this.world.replaceChildren();
    for (const frame of plan.drawing.frames) this.drawFrame(frame);
    // Labels come after all lines, so no line crosses one.
    this.lines = plan.drawing.lines.map((line) => ({ ...line, element: this.drawLine(line) }));
    for (const line of this.lines) line.label = this.drawLabel(line);
    this.boxes = new Map(plan.drawing.boxes.map((box) => [box.operator, { ...box, element: this.drawBox(box) }]));
    for (const [operator, box] of this.boxes) {
      box.element.addEventListener("pointerenter", () => onFocus(operator));
      box.element.addEventListener("pointerleave", () => onFocus(null));
      box.element.addEventListener("click", () => onKeep(operator));
      box.element.addEventListener("focus", () => onFocus(operator));
      box.element.addEventListener("blur", () => onFocus(null));
    }
  }

  /** How the rows of a line are shipped, in a word, and how many they are. */
  shipped(line) {
    const [from, to] = [this.plan.operators[line.from], this.plan.operators[line.to]];
    const ship = to.inputs[line.input].ship.split(" ")[0];
    return { from, ship, isShipped: ship !== "forward", ...this.plan.edge(from, to, line.input) };
  }

  /** A loop: its frame, and the ways back to the next round. */
  drawFrame(frame) {
    const [begin, end] = [this.plan.byIdentity.get(frame.begin), this.plan.operators[frame.end]];
    svg("rect", { class: "loop", x: frame.x, y: frame.y, width: frame.width, height: frame.height, rx: 14 }, this.world);
    for (const way of frame.ways_back) {
      const group = svg("g", { class: "way" }, this.world);
      svg("path", { d: way.path }, group);
      const isNext = way.input === 0;
      const rounds = begin ? begin.rounds : 0;
      const rows = end.inputs[way.input] && this.plan.byIdentity.get(end.inputs[way.input].operator);
      const above = isNext ? (rounds > 0 ? count(rounds) + (rounds === 1 ? " round" : " rounds") : "next round") : "changes";
      const below = isNext || !rows || rows.rows === null ? "" : rows.inRounds(rows.rows) + " rows";
      this.drawPill(group, way, [[["rounds", above]], [["near", below]]]);
    }
  }

  /** Lines of words at the place of a label, each a list of classes and texts. */
  drawPill(parent, { label_x: x, label_y: y }, lines) {
    const full = lines.filter((parts) => parts.some(([, text]) => text));
    const texts = full.map((parts, number) => {
      const text = svg("text", { x, y: y + 4 + 15 * (number - (full.length - 1) / 2) }, parent);
      for (const [name, words] of parts) svg("tspan", { class: name }, text, words);
      return text;
    });
    // Room for the larger letters of a drawing that is seen from far away.
    const wide = parent.classList.contains("way") ? 1.7 : 1;
    const length = wide * Math.max(...texts.map((text) => text.getComputedTextLength())) + 12;
    const height = wide * (3 + 15 * full.length);
    texts[0].before(svg("rect", { x: x - length / 2, y: y - height / 2, width: length, height, rx: 9 }));
  }

  drawLine(line) {
    const { from, isShipped, rows } = this.shipped(line);
    const width = Math.min(9, Math.max(1.3, 1.3 * (Math.log10(rows * from.estimate.row_bytes + 1) - 2.5)));
    const element = svg("g", { class: "line" + (isShipped ? " is-shipped" : "") }, this.world);
    svg("path", { d: line.path, style: `--width:${width.toFixed(1)}` }, element);
    return element;
  }

  drawLabel(line) {
    const { from, ship, isShipped, rows, removed } = this.shipped(line);
    const isInside = from.loop && from.loop === this.plan.operators[line.to].loop;
    const label = svg("g", { class: "label near" + (isInside ? " is-inside" : "") }, this.world);
    const words = from.rows === null ? "≈ " + count(rows) : from.inRounds(rows);
    const first = isShipped ? [["ship", ship], ["", " · " + words]] : [["", words]];
    this.drawPill(label, line, [first, [["filtered", removed > 0 ? count(removed) + " filtered out" : ""]]]);
    if (removed > 0) svg("title", {}, label, `A runtime filter removed ${count(removed)} rows that have no partner in a join.`);
    return label;
  }

  drawBox(box) {
    const operator = this.plan.operators[box.operator];
    const [{ width }, { box_height: height }] = [box, this.plan.drawing];
    const element = svg("g", { class: "box", transform: `translate(${box.x} ${box.y})`, role: "button", tabindex: "-1", "aria-label": spoken(operator) }, this.world);
    svg("rect", { class: "frame", width, height, rx: 8 }, element);
    svg("path", { class: "stripe", d: `M8 0H5V${height}H8A8 8 0 0 1 0 ${height - 8}V8A8 8 0 0 1 8 0z` }, element);
    const near = svg("g", { class: "near" }, element);
    const inside = width - 28;
    const tasks = svg("text", { x: width - 12, y: 22, class: "small", "text-anchor": "end" }, near, operator.tasks > 1 ? "×" + operator.tasks : "");
    const room = operator.tasks > 1 ? tasks.getComputedTextLength() + 8 : 0;
    fitTitle(svg("text", { x: 16, y: 22, class: "name" }, near, operator.title), operator, inside - room);
    const how = operator.strategy || operator.text;
    fitText(svg("text", { x: 16, y: 40, class: "how" + (operator.strategy ? "" : " code") }, near, how), inside);
    this.drawRows(operator, near, width);
    if (operator.seconds !== null) this.drawTime(operator, near, width);
    else if (operator.chosen) svg("text", { x: 16, y: 76, class: "small" }, near, "cost " + duration(operator.chosen.seconds) + (operator.candidates.length > 1 ? ` · best of ${operator.candidates.length}` : ""));
    const distant = svg("g", { class: "distant" }, element);
    wrapText(distant, operator.shortTitle + (operator.shortTitle.includes(" ") ? "" : " " + operator.text), 16, height / 2, width - 24);
    return element;
  }

  drawRows(operator, near, width) {
    const each = operator.loop && !operator.isLoopEnd ? " rows a round" : " rows";
    const words = operator.rows === null ? (operator.estimated === null ? "" : "≈ " + count(operator.estimated) + each) : operator.inRounds(operator.rows) + " rows";
    const text = svg("text", { x: 16, y: 58, class: "rows" }, near, words);
    if (operator.factor === null) return;
    const after = 16 + text.getComputedTextLength() + 8;
    svg("text", { x: after, y: 58, class: "small" }, near, "est. " + count(operator.estimated));
    if (!operator.hasBadge) return;
    const pill = svg("g", { class: "tone-" + COLOURS.guesses.tone(operator) }, near);
    const factor = svg("text", { x: width - 19, y: 58, class: "factor", "text-anchor": "end" }, pill, times(operator.factor));
    const length = factor.getComputedTextLength();
    pill.prepend(svg("rect", { class: "pill", x: width - 26 - length, y: 46, width: length + 14, height: 17, rx: 8.5 }));
  }

  drawTime(operator, near, width) {
    const spilled = operator.actual.spilled_bytes;
    const words = spilled > 0 ? bytes(spilled) + " spilled" : "";
    svg("text", { x: width - 12, y: 76, class: "spilled", "text-anchor": "end" }, near, words);
    svg("text", { x: 94, y: 76, class: "small" }, near, duration(operator.seconds));
    svg("rect", { class: "track", x: 16, y: 69, width: 70, height: 6, rx: 3 }, near);
    if (operator.share > 0.003) svg("rect", { class: "bar", x: 16, y: 69, width: Math.max(3, 70 * operator.share), height: 6, rx: 3 }, near);
  }

  colour(by) {
    for (const [number, box] of this.boxes) {
      box.element.classList.remove(...["none", ...TONES].map((tone) => "tone-" + tone));
      box.element.classList.add("tone-" + COLOURS[by].tone(this.plan.operators[number]));
    }
  }

  /** Shows an operator among those that it reads and that read it; none for all. */
  focus(operator, isKept) {
    this.world.classList.toggle("has-focus", operator !== null);
    const near = new Set([operator]);
    for (const line of this.lines) {
      const touches = line.from === operator || line.to === operator;
      for (const part of [line.element, line.label]) part.classList.toggle("is-near", touches);
      if (touches) near.add(line.from).add(line.to);
    }
    for (const [number, box] of this.boxes) {
      box.element.classList.toggle("is-near", near.has(number));
      box.element.classList.toggle("is-kept", isKept && number === operator);
    }
  }

  /** The operator that an arrow key goes to. */
  neighbour(operator, key) {
    const here = this.boxes.get(operator);
    const above = this.lines.filter((line) => line.to === operator).map((line) => line.from);
    const below = this.lines.filter((line) => line.from === operator).map((line) => line.to);
    if (key === "ArrowUp") return above[0];
    if (key === "ArrowDown") return below[0];
    const side = key === "ArrowLeft" ? -1 : 1;
    const beside = [...this.boxes].filter(([, box]) => box.y === here.y && (box.x - here.x) * side > 0);
    beside.sort((left, right) => (left[1].x - right[1].x) * side);
    return beside.length > 0 ? beside[0][0] : undefined;
  }
}

/** A box for a screen reader. */
function spoken(operator) {
  const said = [operator.title];
  if (operator.strategy) said.push(operator.strategy);
  if (operator.rows !== null) said.push(operator.inRounds(operator.rows) + " rows");
  if (operator.estimated !== null) said.push(count(operator.estimated) + " estimated");
  if (operator.seconds !== null) said.push(duration(operator.seconds));
  return said.join(", ");
}

/** The visible part of the drawing: a scale and a place. */
class View {
  constructor(drawing) {
    this.svg = document.getElementById("graph");
    this.world = document.getElementById("world");
    this.drawing = drawing;
    this.svg.onwheel = (event) => {
      event.preventDefault();
      const { left, top } = this.svg.getBoundingClientRect();
      this.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX - left, event.clientY - top);
    };
    this.svg.onpointerdown = (event) => { this.from = [event.clientX, event.clientY, this.x, this.y]; this.hasMoved = false; };
    this.svg.onpointermove = (event) => this.drag(event);
    this.svg.onpointerup = this.svg.onpointercancel = () => { this.from = null; this.svg.classList.remove("drags"); };
    this.fit();
    // A plan that is too large for the window begins at the sources, with readable names.
    if (this.scale < 0.28) {
      this.zoom(0.28 / this.scale);
      this.y = 28;
      this.show();
    }
  }

  drag(event) {
    if (!this.from) return;
    const [x, y] = [event.clientX - this.from[0], event.clientY - this.from[1]];
    // A small movement during a click does not count.
    if (!this.hasMoved && Math.hypot(x, y) < 4) return;
    if (!this.hasMoved) this.svg.setPointerCapture(event.pointerId);
    this.hasMoved = true;
    this.svg.classList.add("drags");
    [this.x, this.y] = [this.from[2] + x, this.from[3] + y];
    this.show();
  }

  /** The whole plan, as large as there is room, but not larger than it is drawn. */
  fit() {
    const { width, height } = this.svg.getBoundingClientRect();
    const [margin, foot] = [28, 48];
    this.scale = Math.min(1.15, (width - 2 * margin) / this.drawing.width, (height - margin - foot) / this.drawing.height);
    this.x = (width - this.drawing.width * this.scale) / 2;
    this.y = margin + (height - margin - foot - this.drawing.height * this.scale) / 2;
    this.show();
  }

  zoom(factor, x = this.svg.clientWidth / 2, y = this.svg.clientHeight / 2) {
    const scale = Math.min(3, Math.max(0.02, this.scale * factor));
    this.x = x - (x - this.x) * scale / this.scale;
    this.y = y - (y - this.y) * scale / this.scale;
    this.scale = scale;
    this.show();
  }

  /** Brings a box into sight, and makes it readable. */
  reveal(box) {
    if (this.scale < 0.6) this.zoom(0.8 / this.scale, this.x + box.x * this.scale, this.y + box.y * this.scale);
    const [left, top] = [this.x + box.x * this.scale, this.y + box.y * this.scale];
    const [width, height] = [box.width * this.scale, this.drawing.box_height * this.scale];
    this.x += Math.max(0, 16 - left) - Math.max(0, left + width + 16 - this.svg.clientWidth);
    this.y += Math.max(0, 16 - top) - Math.max(0, top + height + 56 - this.svg.clientHeight);
    this.show();
  }

  show() {
    this.world.setAttribute("transform", `translate(${this.x.toFixed(1)} ${this.y.toFixed(1)}) scale(${this.scale.toFixed(4)})`);
    // From far away only names are shown, and these are larger.
    this.world.classList.toggle("far", this.scale < 0.55);
  }
}
