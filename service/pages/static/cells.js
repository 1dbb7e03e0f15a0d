// The cells of a grid: a path for each country and colour, and which cell of a country is at a place.

const SVG = "http://www.w3.org/2000/svg";
const context = document.createElement("canvas").getContext("2d");

/** Return left, top, right and bottom of a path of straight steps, each from the corner before. */
function edgesOf(d) {
  const edges = [Infinity, Infinity, -Infinity, -Infinity];
  for (const ring of d.split("z").slice(0, -1)) {
    const numbers = ring.match(/-?\d+/g);
    let [x, y] = [0, 0];
    for (let i = 0; i < numbers.length; i += 2) {
      x += Number(numbers[i]);
      y += Number(numbers[i + 1]);
      edges[0] = Math.min(edges[0], x);
      edges[1] = Math.min(edges[1], y);
      edges[2] = Math.max(edges[2], x);
      edges[3] = Math.max(edges[3], y);
    }
  }
  return edges;
}

export class Cells {
  /** Take the cells out of a drawing: what is asked of one is an object with `id`, `name`, `country` and `words`. */
  constructor(svg) {
    this.groups = [...svg.querySelectorAll(".cells > g")];
    this.all = this.groups.flatMap((group) => {
      const path = group.firstElementChild;
      const [ids, names, lines] = [path.dataset.ids, path.dataset.names, path.getAttribute("d")].map((text) => text.split("\n"));
      return ids.map((id, n) => ({ id, name: names[n], country: group.dataset.name, d: lines[n], group }));
    });
    this.byGroup = new Map(this.groups.map((group) => [group, []]));
    for (const cell of this.all) this.byGroup.get(cell.group).push(cell);
  }

  /** Colour the cells by class, and take the words for each of them. */
  paint(styles, words) {
    this.all.forEach((cell, n) => Object.assign(cell, { style: styles[n], words: words[n] }));
    for (const [group, cells] of this.byGroup) {
      group.replaceChildren(...[...new Set(cells.map(({ style }) => style))].map((style) => {
        const path = document.createElementNS(SVG, "path");
        path.setAttribute("class", style);
        path.setAttribute("d", cells.filter((cell) => cell.style === style).map(({ d }) => d).join(""));
        return path;
      }));
    }
  }

  find(id) {
    return this.all.find((cell) => cell.id === id);
  }

  /** Return `x`, `y`, `width` and `height` of a cell in units of the map. */
  frame(cell) {
    const [left, top, right, bottom] = (cell.edges ??= edgesOf(cell.d));
    return { x: left, y: top, width: right - left, height: bottom - top };
  }

  /** Return the cell at a place in units of the map, of those in the group of a country. */
  at(group, x, y) {
    return this.byGroup.get(group).find((cell) => {
      const [left, top, right, bottom] = (cell.edges ??= edgesOf(cell.d));
      return x >= left && x <= right && y >= top && y <= bottom && context.isPointInPath(new Path2D(cell.d), x, y);
    });
  }
}
