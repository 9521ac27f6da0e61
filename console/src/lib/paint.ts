// Draws a blast radius on a canvas. Colour says state alone: what was taken, crown jewels, what the reader chose.

import type { Item, Layout, Link } from './blast';

export interface View { k: number; x: number; y: number }
export interface Look { text: string; muted: string; line: string; surface: string; sunken: string; accent: string; bad: string; warn: string; node: string; font: string }
export interface Seen { chosen: number; through: Set<Link>; until: number }

export function lookOf(element: HTMLElement): Look {
  const style = getComputedStyle(element);
  const of = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return { text: of('text'), muted: of('muted'), line: of('line'), surface: of('surface'), sunken: of('sunken'), accent: of('accent'), bad: of('bad'), warn: of('warn'), node: of('strong-line'), font: style.fontFamily };
}

function curve(pen: Path2D, from: Item, to: Item): void {
  // Within a column, and back, the way goes round on the left; forward it leaves where the row ends.
  if (to.depth <= from.depth) {
    const left = Math.min(from.x, to.x) - 34;
    pen.moveTo(from.x - 5, from.y);
    pen.bezierCurveTo(left, from.y, left, to.y, to.x - 5, to.y);
    return;
  }
  const start = from.end, bend = Math.max(30, Math.abs(to.x - start) * 0.45);
  pen.moveTo(start, from.y);
  pen.bezierCurveTo(start + bend, from.y, to.x - bend, to.y, to.x - 5, to.y);
}

function strokeLinks(on: CanvasRenderingContext2D, layout: Layout, look: Look, seen: Seen, scale: number): void {
  const all = new Path2D(), may = new Path2D(), own = new Path2D();
  for (const link of layout.links) {
    const from = layout.items[link.from], to = layout.items[link.to];
    if (from && to && to.arrival <= seen.until) curve(seen.through.has(link) ? own : link.certain ? all : may, from, to);
  }
  const thin = Math.min(1, 400 / Math.max(1, layout.links.length));
  on.strokeStyle = look.node;
  on.lineWidth = 1 / scale;
  on.globalAlpha = 0.1 + 0.35 * thin;
  on.stroke(all);
  on.setLineDash([4 / scale, 3 / scale]);
  on.stroke(may);
  on.setLineDash([]);
  on.globalAlpha = 1;
  on.strokeStyle = look.accent;
  on.lineWidth = 2 / scale;
  on.stroke(own);
}

function shape(pen: Path2D, item: Item, size: number): void {
  if (item.node?.source) {
    pen.moveTo(item.x, item.y - size * 1.3); pen.lineTo(item.x + size * 1.3, item.y); pen.lineTo(item.x, item.y + size * 1.3); pen.lineTo(item.x - size * 1.3, item.y); pen.closePath();
  } else if (item.node?.crown_jewel) {
    pen.moveTo(item.x, item.y - size * 1.25); pen.lineTo(item.x + size * 1.25, item.y + size); pen.lineTo(item.x - size * 1.25, item.y + size); pen.closePath();
  } else {
    pen.moveTo(item.x + size, item.y); pen.arc(item.x, item.y, size, 0, 7);
  }
}

function fillItems(on: CanvasRenderingContext2D, layout: Layout, look: Look, seen: Seen): void {
  const pens = { [look.node]: new Path2D(), [look.bad]: new Path2D(), [look.warn]: new Path2D(), [look.line]: new Path2D() };
  const hollow = new Path2D();
  for (const item of layout.items) {
    if (!item.node) continue;
    const reached = item.arrival <= seen.until;
    const colour = !reached ? look.line : item.node.source ? look.bad : item.node.crown_jewel ? look.warn : look.node;
    const pen = pens[colour];
    if (pen) shape(pen, item, 4);
    if (!item.node.certain && reached) { hollow.moveTo(item.x + 2.4, item.y); hollow.arc(item.x, item.y, 2.4, 0, 7); }
  }
  for (const [colour, pen] of Object.entries(pens)) { on.fillStyle = colour; on.fill(pen); }
  on.fillStyle = look.surface;
  on.fill(hollow);
  const chosen = layout.items[seen.chosen];
  if (chosen?.node) { on.strokeStyle = look.accent; on.lineWidth = 2; on.beginPath(); on.arc(chosen.x, chosen.y, 8, 0, 7); on.stroke(); }
}

function fitted(on: CanvasRenderingContext2D, text: string, width: number): string {
  if (on.measureText(text).width <= width) return text;
  let [low, high] = [1, text.length];
  while (low < high) { const middle = (low + high + 1) >> 1; if (on.measureText(`${text.slice(0, middle)}…`).width <= width) low = middle; else high = middle - 1; }
  return `${text.slice(0, low)}…`;
}

function fillGroups(on: CanvasRenderingContext2D, layout: Layout, look: Look, scale: number, names: (item: Item) => string, chosen: number): void {
  on.textBaseline = 'middle';
  for (const [i, group] of layout.groups.entries()) {
    on.fillStyle = group.folded ? look.sunken : look.surface;
    on.strokeStyle = layout.items[chosen]?.group === i && group.folded ? look.accent : look.line;
    on.lineWidth = group.folded && layout.items[chosen]?.group === i ? 2 : 1;
    on.globalAlpha = group.folded ? 1 : 0.72;
    on.beginPath(); on.roundRect(group.x, group.y, group.width, group.height, 6); on.fill();
    on.globalAlpha = 1; on.stroke();
    if (scale < 0.28 && !group.folded) continue;
    on.font = `600 12px ${look.font}`;
    on.fillStyle = look.text;
    const count = group.nodes.length > 1 ? ` × ${group.nodes.length.toLocaleString('en')}` : '';
    on.fillText(fitted(on, `${group.folded ? '+ ' : ''}${group.kind.replaceAll('_', ' ')}${count}`, group.width - 20), group.x + 10, group.y + (group.folded ? group.height / 2 : 14));
    if (!group.labelled || scale < 0.45) continue;
    on.font = `12px ${look.font}`;
    for (const place of group.items) { const item = layout.items[place]; if (item) on.fillText(fitted(on, names(item), group.width - 36), item.x + 12, item.y + 0.5); }
  }
}

/** Draws all of it. `ratio`: device pixels for one of the page. */
export function paint(on: CanvasRenderingContext2D, layout: Layout, view: View, look: Look, seen: Seen, ratio: number, names: (item: Item) => string): void {
  on.setTransform(1, 0, 0, 1, 0, 0);
  on.clearRect(0, 0, on.canvas.width, on.canvas.height);
  on.setTransform(view.k * ratio, 0, 0, view.k * ratio, view.x * ratio, view.y * ratio);
  fillGroups(on, layout, look, view.k, names, seen.chosen);
  strokeLinks(on, layout, look, seen, view.k);
  fillItems(on, layout, look, seen);
  on.font = `12px ${look.font}`;
  on.fillStyle = look.muted;
  if (view.k >= 0.28) for (const column of layout.columns) on.fillText(column.depth === 0 ? 'taken' : column.depth === 1 ? '1 step' : `${column.depth} steps`, column.x + 2, 10);
}
