"use strict";
(() => {
  const open = (id) => {
    const article = typeof id === "string" && document.getElementById("i-" + id);
    if (!article) return;
    history.replaceState(null, "", "#" + encodeURIComponent(article.id));
    article.scrollIntoView();
    article.focus({ preventScroll: true });
    article.classList.remove("here");
    void article.offsetWidth; // so that the same lane clicked again glows again
    article.classList.add("here");
  };

  // Ticks are fixed where the axis leaves stretches out; closer in they have to follow the zoom.
  const freeTicks = (picture, axis) => {
    const fixed = { tickmode: axis.tickmode || "linear", dtick: axis.dtick || null };
    const both = ({ tickmode, dtick }) => ({
      "xaxis.tickmode": tickmode, "xaxis.dtick": dtick, "xaxis2.tickmode": tickmode, "xaxis2.dtick": dtick,
    });
    const length = () => {
      const [from, to] = picture.layout.xaxis.range.map((edge) => new Date(edge).getTime());
      return to - from;
    };
    const all = length();
    let near = false;
    picture.on("plotly_relayout", () => {
      if (near === length() < 0.98 * all) return;
      near = !near;
      Plotly.relayout(picture, both(near ? { tickmode: "auto", dtick: null } : fixed));
    });
  };

  const data = document.getElementById("figure");
  const picture = document.getElementById("timeline");
  if (data && !window.Plotly) {
    picture.textContent = "The timeline needs plotly.min.js beside this page: copy it from where the page was made.";
  }
  if (data && window.Plotly) {
    const figure = JSON.parse(data.textContent);
    const options = { displayModeBar: false, showTips: false, responsive: true, doubleClick: "reset" };
    Plotly.newPlot(picture, figure.data, figure.layout, options).then(() => {
      picture.on("plotly_click", (event) => open(event.points[0].customdata));
      picture.on("plotly_clickannotation", (event) => open(event.annotation.name));
      const axis = figure.layout.xaxis;
      if (axis.dtick || axis.tickmode) freeTicks(picture, axis);
      window.addEventListener("beforeprint", () => Plotly.relayout(picture, { width: 700 }));
      window.addEventListener("afterprint", () => Plotly.relayout(picture, { width: null, autosize: true }));
    });
  }

  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages opened from disk may not use the clipboard directly in every browser.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
  };
  for (const button of document.querySelectorAll(".copy")) {
    button.addEventListener("click", async () => {
      await copy(button.parentElement.querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
  }

  window.addEventListener("beforeprint", () => {
    for (const folded of document.querySelectorAll("details")) folded.open = true;
  });
})();
