// The order of the work list as it was filtered last: the encounters before and after go by it.
let order = [];

export function keepOrder(numbers) { order = numbers; }

export function placeOf(n, many) {
  const at = order.indexOf(n);
  if (at < 0) return { before: n > 0 ? n - 1 : undefined, after: n + 1 < many ? n + 1 : undefined, place: n + 1, of: many };
  return { before: order[at - 1], after: order[at + 1], place: at + 1, of: order.length };
}
