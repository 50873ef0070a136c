// Shortcuts of residual blocks that are no dispatch of their own: a 1x1 convolution whose result is only added to that of
// another convolution is computed there, in the same sums. Chosen when a graph is staged, because it depends on the target.
import type { Graph } from "../graph";
import type { KernelTarget } from "../kernel";
import { canAddShortcut } from "../kernels/conv2d/shortcut";
import type { LayerNorm, Linear } from "../ops";
import { byteLengthOf } from "../tensor";
import { Uses } from "./rewrite";

/** By the id of what would be their result. @param norms that have no dispatch: what reads one must be a product of its own */
export function shortcutsInConvolutions(
  graph: Graph,
  norms: ReadonlyMap<number, LayerNorm>,
  target: KernelTarget,
): ReadonlyMap<number, Linear> {
  const shortcuts = new Map<number, Linear>();
  if (!target.traits.addsShortcutsInConvolutions) return shortcuts;
  const uses = new Uses(graph);
  for (const { op, output } of graph.nodes) {
    if (op.kind !== "conv2d" || !op.inputs.residual) continue;
    const { residual, x } = op.inputs;
    const shortcut = uses.soleProducer(residual)?.op;
    if (shortcut?.kind !== "linear" || norms.has(shortcut.inputs.x.id) || !canAddShortcut(op, shortcut, target)) continue;
    const { x: first, second = first } = shortcut.inputs;
    const isWhole = [x, output, first, second].every((tensor) => byteLengthOf(tensor, target.format) <= target.bindingBytes);
    if (isWhole) shortcuts.set(residual.id, shortcut);
  }
  return shortcuts;
}
