// The text beside the drawing: everything about an operator, or the main facts of the whole plan.

function html(name, attributes, children = []) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element[key] = value; else element.setAttribute(key, value);
  }
  element.append(...[children].flat());
  return element;
}

const mark = (text, tone) => html("span", { class: "mark tone-" + tone }, text);
const meter = (share) => html("div", { class: "meter" }, html("i", { style: `width:${(100 * Math.min(1, share)).toFixed(1)}%` }));

/** A text with paths, whose lines may break after a folder. */
const breakable = (text) => text.replaceAll("/", "/\u200b");

/** An operator's place in the program. */
const placeOf = (operator) => breakable(`${operator.file}:${operator.line}`);

function table(headings, rows) {
  const row = ([first, ...cells]) => html("tr", {}, [html("td", { class: "wide" }, first), ...cells.map((cell) => html("td", {}, cell))]);
  const head = headings.length > 0 ? [html("tr", {}, headings.map((heading) => html("th", {}, heading)))] : [];
  return html("table", {}, [...head, ...rows.map((cells) => cells instanceof Node ? cells : row(cells))]);
}

/** All of one operator. */
function detailsOf(plan, operator, isKept, go, close) {
  const parts = [];
  if (isKept) parts.push(html("button", { class: "close", title: "Back to the whole plan (Esc)", "aria-label": "Close", onclick: close }, "✕"));
  parts.push(html("h2", {}, operator.title), html("p", { class: "where" }, placeOf(operator)));
  if (operator.text) parts.push(html("div", { class: "source code" }, operator.text));
  const tasks = operator.tasks === 1 ? "1 task" : operator.tasks + " tasks";
  parts.push(html("h3", {}, "Runs as"), html("p", {}, [operator.strategy || "part of another step", ` · ${tasks}`]));
  parts.push(...inputsOf(plan, operator, go), ...numbersOf(operator), ...tasksOf(operator), ...candidatesOf(plan, operator));
  if (operator.fields) parts.push(html("h3", {}, "Fields read"), html("p", { class: "code" }, operator.fields));
  if (EARLIER) parts.push(...comparedOf(operator));
  return parts;
}

function inputsOf(plan, operator, go) {
  if (operator.inputs.length === 0) return [];
  const lines = plan.drawing.lines.filter((line) => plan.operators[line.to] === operator);
  const row = (line) => {
    const from = plan.operators[line.from];
    const { rows, removed } = plan.edge(from, operator, line.input);
    const name = html("button", { class: "link", onclick: () => go(line.from) }, breakable(from.title));
    const filtered = removed > 0 ? [html("small", {}, `${count(removed)} filtered out by a runtime filter`)] : [];
    return [html("span", {}, [name, ...filtered]), named(operator.inputs[line.input].ship, from), from.rows === null ? count(rows) : from.inRounds(rows)];
  };
  return [html("h3", {}, "Reads"), table(["operator", "shipped", plan.run ? "rows" : "≈ rows"], lines.map(row))];
}

function numbersOf(operator) {
  const actual = operator.actual;
  if (!actual) {
    const each = operator.loop && !operator.isLoopEnd ? "rows a round" : "rows";
    const rows = operator.estimated === null ? [] : [[each, count(operator.estimated)], ["bytes of a row", operator.estimate.row_bytes.toFixed(0)], ["bytes", bytes(operator.estimated * operator.estimate.row_bytes)]];
    return rows.length === 0 ? [] : [html("h3", {}, "Estimate"), table([], rows)];
  }
  const factor = !operator.hasBadge ? "" : mark(times(operator.factor), COLOURS.guesses.tone(operator));
  const estimate = operator.estimated === null ? "" : count(operator.estimated);
  const rows = operator.rounds === 0
    ? [["rows out", estimate, count(actual.rows_out), factor]]
    : [["rows out", "", count(actual.rows_out), ""], ["rows out a round", estimate, count(operator.rowsOfRound), factor]];
  const add = (name, text) => rows.push([name, "", text, ""]);
  if (actual.rows_in > 0) rows.unshift(["rows in", "", count(actual.rows_in), ""]);
  if (actual.bytes > 0) add(operator.inputs.length === 0 ? "bytes read" : "bytes sent", bytes(actual.bytes));
  if (actual.memory_bytes > 0) add("memory", bytes(actual.memory_bytes));
  if (actual.spilled_bytes > 0) add("spilled", bytes(actual.spilled_bytes));
  if (actual.spilled_parts > 0) add("parts on disk", count(actual.spilled_parts));
  if (actual.passes > 1) add("passes over them", count(actual.passes));
  if (operator.rounds > 0) add("rounds", count(operator.rounds));
  if (actual.filtered_rows > 0) add("filtered out before it", count(actual.filtered_rows));
  if (actual.late_rows > 0) add("late rows", count(actual.late_rows));
  rows.push(["time, all tasks", operator.chosen ? duration(operator.chosen.seconds) : "", duration(operator.seconds), percent(operator.share)]);
  return [html("h3", {}, "What happened"), table(["", "estimate", "actual", ""], rows)];
}

function tasksOf(operator) {
  const tasks = operator.actual ? operator.actual.tasks : [];
  if (tasks.length < 2) return [];
  const most = Math.max(...tasks.map((task) => task.seconds), 1e-12);
  const busiest = [...tasks.keys()].sort((left, right) => tasks[right].seconds - tasks[left].seconds);
  const row = (number) => [html("span", {}, ["task " + number, meter(tasks[number].seconds / most)]), duration(tasks[number].seconds), count(tasks[number].rows_in), count(tasks[number].rows_out)];
  const skew = operator.skew === null ? "" : ` · the busiest has ${operator.skew.toFixed(2)}× the mean`;
  const heading = html("h3", {}, "Tasks" + skew);
  return [heading, table(["busiest first", "time", "rows in", "rows out"], busiest.slice(0, 16).map(row)),
    ...(tasks.length > 16 ? [html("p", { class: "note" }, `and ${tasks.length - 16} less busy`)] : [])];
}

function candidatesOf(plan, operator) {
  if (operator.candidates.length === 0) return [];
  const inputs = operator.inputs.map((input) => plan.byIdentity.get(input.operator));
  const least = Math.min(...operator.candidates.map((way) => way.seconds));
  const row = (way) => {
    const { how, ships, tasks } = way.choice;
    const keys = ships.map((ship, input) => named(ship, inputs[input]));
    const how_ships = [keys.join(", "), tasks + (tasks === 1 ? " task" : " tasks"), ...(way.gives ? ["gives " + named(way.gives, operator)] : [])].filter((part) => part).join(" · ");
    const times_least = least > 0 && way.seconds > least ? times(way.seconds / least) : "";
    return html("tr", { class: way.is_chosen ? "is-chosen" : "" }, [
      html("td", { class: "wide" }, [(way.is_chosen ? "✓ " : "") + (how || "as it comes"), html("small", {}, how_ships)]),
      html("td", {}, duration(way.seconds)), html("td", {}, times_least),
    ]);
  };
  return [html("h3", {}, operator.candidates.length === 1 ? "The only way to run it" : "Ways to run it"), table(["", "cost", ""], operator.candidates.map(row))];
}

/** An operator's earlier and present form. */
const formsOf = (operator) => PLAN.operators.includes(operator) ? [operator.other, operator] : [operator, operator.other];

/** The operator in both runs. */
function comparedOf(operator) {
  const heading = html("h3", {}, "Earlier, and in this run");
  if (!operator.other) return [heading, html("p", { class: "note" }, "The other plan has no operator of this identity.")];
  const [before, now] = formsOf(operator);
  const rows = [["estimated rows", count(before.estimate.rows), count(now.estimate.rows), changed(before.estimate.rows, now.estimate.rows)]];
  if (before.actual && now.actual) {
    rows.push(["rows", count(before.rows), count(now.rows), changed(before.rows, now.rows)]);
    rows.push(["time", duration(before.seconds), duration(now.seconds), changed(before.seconds, now.seconds)]);
  }
  const strategies = before.strategy === now.strategy ? "It runs in the same way." : `It ran as ${before.strategy || "part of another step"}.`;
  return [heading, table(["", "earlier", "this run", ""], rows), html("p", { class: "note" }, strategies)];
}

/** The factor from one number to the other. */
const changed = (before, now) => before > 0 && now > 0 && Math.abs(now / before - 1) >= 0.05 ? times(now / before) : "=";

/** The main facts of a plan. */
function overviewOf(plan, go) {
  const link = (operator) => html("button", { class: "link", onclick: () => go(plan.operators.indexOf(operator)) }, [breakable(operator.title), html("small", {}, " " + placeOf(operator))]);
  const parts = [html("h2", {}, plan.run ? "What happened" : "The plan")];
  const top = (operators, by) => operators.slice().sort((left, right) => by(right) - by(left)).slice(0, 6);
  if (EARLIER) parts.push(...comparisonOf(plan, link));
  if (plan.run) {
    const row = (operator) => [html("span", {}, [link(operator), meter(operator.share)]), duration(operator.seconds), percent(operator.share)];
    parts.push(html("h3", {}, "Where time went, over all tasks"), table([], top(plan.shown.filter((operator) => operator.share > 0.001), (operator) => operator.seconds).map(row)));
    const apart = (operator) => Math.max(operator.factor, 1 / operator.factor);
    const wrong = plan.shown.filter((operator) => operator.factor !== null && apart(operator) > 2);
    const guess = (operator) => [link(operator), count(operator.estimated), operator.inRounds(operator.rows), mark(times(operator.factor), COLOURS.guesses.tone(operator))];
    parts.push(html("h3", {}, "Estimates that are furthest off"), wrong.length === 0 ? html("p", { class: "note" }, "All rows are within 2× of their estimates.") : table(["", "estimate", "rows", ""], top(wrong, apart).map(guess)));
    const uneven = plan.shown.filter((operator) => operator.share > 0.005 && operator.skew > 1.2);
    if (uneven.length > 0) parts.push(html("h3", {}, "Busiest task by the mean of all"), table([], top(uneven, (operator) => (operator.skew - 1) * operator.share).map((operator) => [link(operator), operator.skew.toFixed(2) + "×"])));
  } else {
    const chosen = plan.shown.filter((operator) => operator.chosen);
    const row = (operator) => [html("span", {}, [link(operator), meter(operator.costShare)]), duration(operator.cost), percent(operator.costShare)];
    if (chosen.length > 0) parts.push(html("h3", {}, "Highest expected cost"), table([], top(chosen, (operator) => operator.cost).map(row)));
    const sized = plan.shown.filter((operator) => operator.estimated !== null);
    parts.push(html("h3", {}, "Most expected rows"), table(["", "≈ rows", "≈ bytes"], top(sized, (operator) => operator.estimated * operator.estimate.row_bytes).map((operator) => [link(operator), count(operator.estimated), bytes(operator.estimated * operator.estimate.row_bytes)])));
  }
  for (const region of plan.reordered) parts.push(...ordersOf(plan, region, go));
  parts.push(html("p", { class: "note", style: "margin-top:18px" }, "Point at an operator to see everything about it; click to keep it. Arrow keys follow the plan, + − 0 zoom."));
  return parts;
}

/** The chosen order of joins and the written one: relations in the order in which they are joined, with rows. */
function ordersOf(plan, region, go) {
  const made = plan.joinsOf(region.chosen.order);
  const rows = (operator) => operator && operator.estimated !== null ? count(operator.estimated) : "";
  const link = (operator) => html("button", { class: "link", title: operator.title, onclick: () => go(plan.operators.indexOf(operator)) }, operator.relationName);
  const line = (isMade) => ({ depth, joins, relation, gives }) => {
    const guides = Array.from({ length: depth }, (_, level) => html("i", { style: `--level:${level}` }));
    const operator = relation && plan.relation(relation);
    const what = operator ? link(operator) : html("span", { class: "note" }, relation || "the join of:");
    const name = html("td", { class: "wide", style: `--depth:${depth}` }, [...guides, html("div", {}, [html("span", { class: "sign" }, joins ? "⋈" : ""), what])]);
    return html("tr", {}, [name, html("td", {}, rows(operator)), ...(isMade ? [html("td", {}, rows(made.get(gives)))] : [])]);
  };
  const drawn = (name, { order, rows }, isMade) => {
    const headings = [`${name}, ≈ ${count(rows)} between joins`, "≈ rows", ...(isMade ? ["joined"] : [])];
    const heading = html("tr", {}, headings.map((text) => html("th", {}, text)));
    return html("table", { class: "order" }, [heading, ...linesOf(order).map(line(isMade))]);
  };
  return [html("h3", {}, "Join order of " + region.join), drawn("now", region.chosen, true), drawn("as written", region.written, false)];
}

/** Both runs, and the operators that run differently. */
function comparisonOf(plan, link) {
  const rowOf = (name, before, now) => [name, duration(before), duration(now), changed(before, now)];
  const headings = ["", "earlier", "this run", ""];
  const parts = [html("h3", {}, "Earlier, and in this run")];
  if (PLAN.run && EARLIER.run) {
    const apart = (operator) => Math.abs(operator.seconds - operator.other.seconds);
    const differ = plan.shown.filter((operator) => operator.other && apart(operator) > 0.01 * Math.max(PLAN.busy, EARLIER.busy));
    differ.sort((left, right) => apart(right) - apart(left));
    const rows = differ.slice(0, 8).map((operator) => rowOf(link(operator), ...formsOf(operator).map((form) => form.seconds)));
    parts.push(table(headings, [rowOf("the whole job", EARLIER.run.seconds, PLAN.run.seconds), ...rows]));
  }
  const otherwise = plan.shown.filter((operator) => operator.other && operator.other.strategy !== operator.strategy);
  const ways = (operator) => {
    const [before, now] = formsOf(operator).map((form) => form.strategy || "part of another step");
    return [html("span", {}, [link(operator), html("small", {}, `${before} → ${now}`)])];
  };
  if (otherwise.length > 0) parts.push(html("h3", {}, "Operators that run differently"), table([], otherwise.map(ways)));
  else parts.push(html("p", { class: "note" }, "All operators of both plans run in the same way."));
  const alone = (some) => some.shown.filter((operator) => !operator.other).length;
  if (alone(PLAN) + alone(EARLIER) > 0) parts.push(html("p", { class: "note" }, `In one plan alone: ${alone(EARLIER)} operators of the earlier run, ${alone(PLAN)} of this.`));
  return parts;
}
