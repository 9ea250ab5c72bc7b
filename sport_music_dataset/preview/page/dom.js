// Elements from data: every text becomes a text node, nothing is ever parsed as HTML.

const $ = (id) => document.getElementById(id);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== ""));
  return element;
}

function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

// 75.5 -> 1:15
function clock(seconds) {
  const whole = Math.floor(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = String(Math.floor(whole / 60) % 60).padStart(hours ? 2 : 1, "0");
  const rest = String(whole % 60).padStart(2, "0");
  return (hours ? `${hours}:` : "") + `${minutes}:${rest}`;
}

function fixed(value, digits) {
  return value === undefined ? "–" : value.toFixed(digits).replace("-", "−");
}

function percent(value) {
  return value === undefined ? "–" : `${fixed(100 * value, value && value < 0.01 ? 2 : 0)} %`;
}

function plural(count, word) {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}
