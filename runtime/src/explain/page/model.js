"use strict";

// The plan's JSON as the words and numbers of the page.

const DATA = JSON.parse(document.getElementById("data").textContent);

/** A number as people read it: `1.50 M`. */
function count(number) {
  if (number >= 1e9) return (number / 1e9).toFixed(2) + " G";
  if (number >= 999500) return (number / 1e6).toFixed(2) + " M";
  if (number >= 1e5) return (number / 1e3).toFixed(0) + " k";
  if (number >= 1e4) return (number / 1e3).toFixed(1) + " k";
  return number.toFixed(0);
}

function bytes(number) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (number >= 1024 && unit < units.length - 1) { number /= 1024; unit += 1; }
  return (unit === 0 ? number.toFixed(0) : number.toFixed(1)) + " " + units[unit];
}

function duration(seconds) {
  if (seconds < 1e-5) return (seconds * 1e6).toFixed(1) + " µs";
  if (seconds < 1e-2) return (seconds * 1e3).toFixed(2) + " ms";
  if (seconds < 10) return (seconds * 1e3).toFixed(0) + " ms";
  return seconds.toFixed(1) + " s";
}

const percent = (share) => (share > 0 && share < 0.01 ? "< 1" : (100 * share).toFixed(0)) + " %";

/** A factor: `×23`, `÷4.0`. */
function times(factor) {
  const apart = Math.max(factor, 1 / factor);
  return (factor >= 1 ? "×" : "÷") + (apart < 9.95 ? apart.toFixed(1) : count(apart));
}

/** The relations of an order of joins, one after the other. A right side that is a join itself has lines of its own, one step further in. */
function linesOf(order, depth = 0) {
  if (!Array.isArray(order)) return [{ depth, relation: order }];
  const [left, right] = order;
  const joined = { depth, joins: true, gives: order };
  const more = Array.isArray(right) ? [joined, ...linesOf(right, depth + 1)] : [{ ...joined, relation: right }];
  return [...linesOf(left, depth), ...more];
}

/** The identities of an order's relations. Where one comes to several joins, the second time it is `identity@2`. */
const relationsOf = (order) => [order].flat(Infinity).map((relation) => relation.replace(/@\d+$/, ""));

/** A plan, before a run or after it: its operators by number, and what is derived from them. */
class Plan {
  constructor(json) {
    this.drawing = json.drawing;
    this.run = json.run;
    const isReordered = (region) => JSON.stringify(region.written.order) !== JSON.stringify(region.chosen.order);
    this.reordered = (json.join_orders || []).filter(isReordered);
    this.operators = json.operators.map((operator) => new Operator(operator));
    this.byIdentity = new Map(this.operators.map((operator) => [operator.identity, operator]));
    // The actual rows by the estimated ones, in a loop of a round; and whether that has a badge.
    for (const { operator, factor, has_badge } of this.drawing.boxes) Object.assign(this.operators[operator], { factor, hasBadge: has_badge });
    this.shown = this.drawing.boxes.map((box) => this.operators[box.operator]);
    this.cost = this.shown.reduce((sum, operator) => sum + operator.cost, 0);
    this.busy = this.shown.reduce((sum, operator) => sum + (operator.seconds || 0), 0);
    for (const operator of this.shown) {
      operator.share = this.busy > 0 ? (operator.seconds || 0) / this.busy : 0;
      operator.costShare = this.cost > 0 ? operator.cost / this.cost : 0;
    }
  }

  /** The rows of an input: those that arrived, and those that runtime filters removed on the way, past operators that are not shown too. */
  edge(from, to, input) {
    let removed = 0;
    for (let reader = to, number = input; reader; number = 0) {
      removed += (reader.actual && reader.actual.removed_rows && reader.actual.removed_rows[number]) || 0;
      const before = this.byIdentity.get(reader.inputs[number].operator);
      reader = before && before.is_passed_by && before !== from ? before : null;
    }
    return { removed, rows: from.rows === null ? from.estimate.rows : Math.max(0, from.rows - removed) };
  }

  /** The operator whose records a relation of a join order is. */
  relation(identity) {
    return this.byIdentity.get(relationsOf(identity)[0]);
  }

  /** The operator of each join in an order that this plan has: the one that reads the same relations. */
  joinsOf(order) {
    const relations = new Set(relationsOf(order));
    const [behind, joins] = [new Map(), new Map()];
    for (const operator of this.operators) {
      const inputs = operator.inputs.map((input) => behind.get(input.operator) || []).flat();
      const read = relations.has(operator.identity) ? [operator.identity] : [...new Set(inputs)].sort();
      behind.set(operator.identity, read);
      const key = read.join();
      if (operator.inputs.length === 2 && !joins.has(key)) joins.set(key, operator);
    }
    const found = new Map();
    const visit = (order) => {
      if (!Array.isArray(order)) return;
      const read = relationsOf(order);
      // An order that reads a relation twice looks like one that reads it once.
      if (new Set(read).size === read.length) found.set(order, joins.get(read.sort().join()));
      order.forEach(visit);
    };
    visit(order);
    return found;
  }

  summary() {
    const said = [`${this.shown.length} operators`];
    if (!this.run) return said.concat("not run: rows are estimates").join(" · ");
    said.push(duration(this.run.seconds), `${count(this.run.source_rows)} rows and ${bytes(this.run.source_bytes)} read`);
    const spilled = this.shown.reduce((sum, operator) => sum + operator.actual.spilled_bytes, 0);
    if (spilled > 0) said.push(`${bytes(spilled)} spilled`);
    return said.join(" · ");
  }
}

class Operator {
  constructor(json) {
    // An earlier plan may lack the newer fields.
    Object.assign(this, { leaves: [], loop: null, loop_part: null }, json);
    const isSink = json.estimate.row_bytes === 0;
    const named = json.name !== json.word && !json.word.split(" → ").includes(json.name);
    this.title = (named ? json.name + ": " : "") + json.description;
    // The end of a long path names the file.
    this.shortTitle = this.title.replace(/\S{8,}\//g, "…/");
    // The name of a relation: its own, or that of the file that it is read from.
    const isFile = json.inputs.length === 0 && json.description.includes("/");
    this.relationName = (isFile ? json.description : json.identity).split("/").pop();
    this.estimated = isSink ? null : json.estimate.rows;
    // A sink shows the rows that it receives.
    this.rows = !json.actual ? null : isSink ? json.actual.rows_in : json.actual.rows_out;
    this.seconds = json.actual ? json.actual.seconds : null;
    // The end of a loop has the result's rows. The other operators in it count the rows of all rounds.
    this.isLoopEnd = json.loop_part === "end";
    this.rounds = json.loop && json.actual && !this.isLoopEnd ? json.actual.rounds : 0;
    this.chosen = json.candidates.find((way) => way.is_chosen) || null;
    this.cost = this.chosen ? this.chosen.seconds : 0;
  }

  /** Its rows; in a loop the mean of a round. */
  get rowsOfRound() {
    return this.rows === null ? null : this.rows / Math.max(this.rounds, 1);
  }

  /** Rows that it counted, in words; in a loop as rounds and their mean: `10 × 2.0 k`. */
  inRounds(rows) {
    if (this.rounds === 0) return count(rows);
    const mean = rows / this.rounds;
    return `${this.rounds} × ${mean < 10 && mean % 1 > 0 ? mean.toFixed(1) : count(mean)}`;
  }

  /** The time of the busiest task by the mean; 1 is even. */
  get skew() {
    const tasks = this.actual ? this.actual.tasks : [];
    const sum = tasks.reduce((sum, task) => sum + task.seconds, 0);
    return tasks.length < 2 || sum === 0 ? null : Math.max(...tasks.map((task) => task.seconds)) * tasks.length / sum;
  }
}

/** The names of leaves instead of their numbers: `hash 0 2` becomes `hash by .0, .2`. */
function named(text, operator) {
  const name = (number) => (operator && operator.leaves[number]) || number;
  const names = (numbers) => numbers.trim().split(" ").map(name).filter((one, at, all) => one !== all[at - 1]).join(", ");
  return text.replace(/^(hash|number)((?: \d+)+)$/, (_, word, numbers) => `${word} by ${names(numbers)}`)
    .replace(/\bby((?: \d+)+)/g, (_, numbers) => `by ${names(numbers)}`);
}

const TONES = ["good", "fair", "poor", "bad"];

/** The tone of a number that is better small: the first bound that it does not pass. */
const toneOf = (number, bounds) => TONES[bounds.filter((bound) => number > bound).length];

/** The colours of boxes: the tone of an operator, and the meaning of the tones. */
const COLOURS = {
  guesses: {
    label: "Estimates",
    tone: (operator) => operator.factor === null ? "none" : toneOf(Math.max(operator.factor, 1 / operator.factor), [2, 10, 100]),
    legend: ["rows within 2× of the estimate", "within 10×", "within 100×", "further off"],
  },
  time: {
    label: "Time",
    tone: (operator) => operator.seconds === null ? "none" : toneOf(operator.share, [0.05, 0.15, 0.35]),
    legend: ["up to 5 % of the time", "up to 15 %", "up to 35 %", "more"],
  },
  skew: {
    label: "Skew",
    tone: (operator) => operator.skew === null || operator.share < 0.005 ? "none" : toneOf(operator.skew, [1.2, 1.6, 3]),
    legend: ["busiest task within 1.2× of the mean", "1.6×", "3×", "more"],
  },
  cost: {
    label: "Cost",
    tone: (operator) => operator.chosen ? toneOf(operator.costShare, [0.05, 0.15, 0.35]) : "none",
    legend: ["up to 5 % of what is expected to be spent", "up to 15 %", "up to 35 %", "more"],
  },
  change: {
    label: "Change",
    tone: (operator) => {
      const other = operator.other;
      if (!other) return "bad";
      if (other.strategy !== operator.strategy) return "poor";
      const grew = operator.seconds !== null && other.seconds !== null && Math.max(operator.seconds, other.seconds) > 1e-3
        ? Math.max(operator.seconds / other.seconds, other.seconds / operator.seconds) : 1;
      return grew > 1.5 ? "fair" : "good";
    },
    legend: ["as in the other run", "time differs by more than 1.5×", "other strategy", "only in this one"],
  },
};

const PLAN = new Plan(DATA.plan);
const EARLIER = DATA.earlier ? new Plan(DATA.earlier) : null;
if (EARLIER) {
  for (const operator of PLAN.operators) operator.other = EARLIER.byIdentity.get(operator.identity);
  for (const operator of EARLIER.operators) operator.other = PLAN.byIdentity.get(operator.identity);
}
