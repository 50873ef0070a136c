// Shortcuts of residual blocks that are no dispatch of their own: a 1x1 convolution whose result is only added to that of
// another convolution is computed there, in the same sums. Chosen when a graph is staged, because it depends on the target.
import type { Graph } from "../graph";
import type { KernelTarget } from "../kernel";
import { canAddShortcut } from "../kernels/conv2d/shortcut";
import type { Linear } from "../ops";
import { byteLengthOf } from "../tensor";
import { Uses } from "./rewrite";

/** By the id of what would be their result. */
export function shortcutsInConvolutions(graph: Graph, target: KernelTarget): ReadonlyMap<number, Linear> {
  const shortcuts = new Map<number, Linear>();
  if (!target.traits.addsShortcutsInConvolutions) return shortcuts;
  const uses = new Uses(graph);
  for (const { op, output } of graph.nodes) {
    if (op.kind !== "conv2d" || !op.inputs.residual) continue;
    const { residual, x } = op.inputs;
    const shortcut = uses.soleProducer(residual)?.op;
    if (shortcut?.kind !== "linear" || !canAddShortcut(op, shortcut, target)) continue;
    const { x: first, second = first } = shortcut.inputs;
    const isWhole = [x, output, first, second].every((tensor) => byteLengthOf(tensor, target.format) <= target.bindingBytes);
    if (isWhole) shortcuts.set(residual.id, shortcut);
  }
  return shortcuts;
}
