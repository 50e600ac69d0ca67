"use strict";
(() => {
  const find = document.getElementById("find");
  const only = document.getElementById("only");
  const shown = document.getElementById("shown");
  const features = [...document.querySelectorAll("details.feature")];
  const openAtFirst = new Map(features.map((feature) => [feature, feature.open]));
  document.querySelector(".filter").hidden = features.length === 0;

  const apply = () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const filtering = only.checked || words.length > 0;
    let count = 0;
    for (const feature of features) {
      const title = feature.querySelector(".name").textContent.toLowerCase();
      let some = false;
      for (const row of feature.querySelectorAll("tr.scenario")) {
        const text = title + " " + row.textContent.toLowerCase();
        const hit = (!only.checked || row.classList.contains("bad"))
          && words.every((word) => text.includes(word));
        row.hidden = !hit;
        some = some || hit;
        count += hit ? 1 : 0;
      }
      feature.hidden = !some;
      feature.open = filtering ? some : openAtFirst.get(feature);
    }
    shown.textContent = filtering ? count + (count === 1 ? " scenario" : " scenarios") : "";
  };
  find.addEventListener("input", apply);
  only.addEventListener("change", apply);
})();
