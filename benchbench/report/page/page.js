"use strict";
(() => {
  const source = document.getElementById("contests");
  if (!source) return;
  const data = JSON.parse(source.textContent);
  const byId = (id) => document.getElementById(id);
  const fields = { label: byId("pick-label"), opponent: byId("pick-opponent"), seed: byId("pick-seed") };
  const winner = byId("pick-winner");
  const search = byId("search");
  const list = byId("contest-list");
  const count = byId("contest-count");
  const more = byId("more");
  const step = 20;
  let limit = step;

  // Texts are only ever set as text, so that no prompt and no answer can be read as markup.
  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const turns = (contest) => data.prompts[contest.example] || [];
  const words = (contest) =>
    [contest.example, ...turns(contest).map((turn) => turn[1]), contest.response, contest.other].join("\n").toLowerCase();
  const index = data.contests.map(words);

  for (const [name, select] of Object.entries(fields)) {
    for (const value of new Set(data.contests.map((contest) => String(contest[name])))) {
      if (value === "") { select.parentElement.hidden = true; continue; }
      const option = element("option", "", value);
      option.value = value;
      select.append(option);
    }
  }

  const matches = (contest, place) => {
    for (const [name, select] of Object.entries(fields)) {
      if (select.value && String(contest[name]) !== select.value) return false;
    }
    if (winner.value === "disagree" ? !contest.disagrees : winner.value && contest.winner !== winner.value) return false;
    return index[place].includes(search.value.trim().toLowerCase());
  };

  const verdictLine = (contest, verdict) => {
    const orders = {
      first: contest.label + " shown first",
      second: contest.label + " shown second",
      both: "without slots",
    };
    const outcome = verdict.outcome === null ? "no verdict" : contest.label + " earns " + verdict.outcome;
    const said = [verdict.words, verdict.note].filter(Boolean).join(" - ");
    return (orders[verdict.order] || verdict.order) + ": " + outcome + (said ? " (" + said + ")" : "");
  };

  const side = (name, text) => {
    const box = element("div");
    box.append(element("div", "role", name), element("div", "text", text === "" ? "(empty)" : text));
    return box;
  };

  const show = (contest) => {
    const box = element("article", "contest");
    const head = element("h3", "", contest.label + (contest.opponent ? " against " + contest.opponent : "") +
      ", seed " + contest.seed + ", " + contest.example + (contest.sample ? ", sample " + contest.sample : "") + " ");
    head.append(element("span", "badge " + contest.winner.replace(" ", "-"), contest.winner));
    box.append(head);
    for (const [role, text] of turns(contest)) {
      box.append(element("div", "role", role), element("div", "text", text));
    }
    const pair = element("div", "pair");
    pair.append(side(contest.label, contest.response));
    if (contest.opponent) pair.append(side(contest.opponent, contest.other));
    box.append(pair);
    for (const verdict of contest.verdicts) box.append(element("p", "verdict", verdictLine(contest, verdict)));
    return box;
  };

  const draw = () => {
    const shown = data.contests.filter(matches);
    list.replaceChildren(...shown.slice(0, limit).map(show));
    count.textContent = Math.min(limit, shown.length) + " of " + shown.length + " that match shown";
    more.hidden = shown.length <= limit;
  };
  const restart = () => { limit = step; draw(); };
  for (const control of [...Object.values(fields), winner]) control.addEventListener("change", restart);
  search.addEventListener("input", restart);
  more.addEventListener("click", () => { limit += step; draw(); });
  draw();
})();
