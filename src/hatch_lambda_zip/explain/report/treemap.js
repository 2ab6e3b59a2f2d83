// A squarified treemap (Bruls, Huizing and van Wijk, 2000) of nodes that have a `value` each and, if
// they are directories, `children`.

const HEADER = 20; // pixels for the name of a directory
const SMALLEST = 2; // pixels: what is smaller is not drawn

// Return how far from square the worst tile of a row is, whose length is given.
function worst(row, total, length, scale) {
  const thickness = (total * scale) / length;
  return Math.max(...row.map((node) => {
    const other = (node.value * scale) / thickness;
    return Math.max(thickness / other, other / thickness);
  }));
}

// Divide a box among nodes by their values: a list of [node, box], the largest first.
function squarify(nodes, box) {
  const left = nodes.filter((node) => node.value > 0).sort((a, b) => b.value - a.value);
  const sum = left.reduce((total, node) => total + node.value, 0);
  const scale = (box.width * box.height) / sum; // square pixels for each byte
  const tiles = [];
  let { x, y, width, height } = box;
  for (let start = 0; start < left.length;) {
    const length = Math.min(width, height); // a row lies along the shorter side
    let end = start + 1;
    let total = left[start].value;
    let current = worst(left.slice(start, end), total, length, scale);
    while (end < left.length) {
      const more = total + left[end].value;
      const next = worst(left.slice(start, end + 1), more, length, scale);
      if (next > current) break;
      [total, current, end] = [more, next, end + 1];
    }
    const thickness = length > 0 ? (total * scale) / length : 0;
    let at = 0;
    for (const node of left.slice(start, end)) {
      const size = (node.value / total) * length;
      tiles.push([node, width < height
        ? { x: x + at, y, width: size, height: thickness }
        : { x, y: y + at, width: thickness, height: size }]);
      at += size;
    }
    if (width < height) [y, height] = [y + thickness, Math.max(height - thickness, 0)];
    else [x, width] = [x + thickness, Math.max(width - thickness, 0)];
    start = end;
  }
  return tiles;
}

// Lay out what is below a node: a list of {node, box, tiles}, those of directories within theirs. A
// name has room where `isNamed`.
function layOut(node, box) {
  const laid = [];
  for (const [child, place] of squarify(node.children, box)) {
    if (place.width < SMALLEST || place.height < SMALLEST) continue;
    const isNamed = place.width >= 56 && place.height >= (child.children ? 2 * HEADER : 17);
    const top = child.children && isNamed ? HEADER : 1;
    const inner = {
      x: place.x + 1,
      y: place.y + top,
      width: Math.max(place.width - 2, 0),
      height: Math.max(place.height - top - 1, 0),
    };
    const hasRoom = child.children && inner.width >= SMALLEST && inner.height >= SMALLEST;
    laid.push({ node: child, box: place, isNamed, tiles: hasRoom ? layOut(child, inner) : [] });
  }
  return laid;
}

// Return the tile that a point is in, the innermost one; undefined if there is none.
function tileAt(tiles, x, y) {
  const found = tiles.find(({ box }) =>
    x >= box.x && x < box.x + box.width && y >= box.y && y < box.y + box.height);
  return found && (tileAt(found.tiles, x, y) || found);
}

// Return the tile next to one in a direction, [-1, 0] for left; itself if there is none.
function neighbour(tiles, from, [right, down]) {
  const centre = ({ box }) => [box.x + box.width / 2, box.y + box.height / 2];
  const [x, y] = centre(from);
  let best = from;
  let least = Infinity;
  for (const tile of tiles) {
    const [dx, dy] = [centre(tile)[0] - x, centre(tile)[1] - y];
    const ahead = dx * right + dy * down;
    const aside = Math.abs(dx * down) + Math.abs(dy * right);
    if (tile !== from && ahead > 0.5 && ahead + 2 * aside < least) [best, least] = [tile, ahead + 2 * aside];
  }
  return best;
}
