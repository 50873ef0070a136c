// Rules of the arena: tensors alive together never overlap, and no dispatch reads and
// writes one slab. Checked on random schedules, and by hand on a small one.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { layoutArena } from "./arena";

describe("arena layout", () => {
  test("a chain of equal tensors needs two slabs of one tensor each", () => {
    const tensors = [0, 1, 2, 3].map((id) => ({ id, byteLength: 1024, begin: id, end: id + 1 }));
    const layout = layoutArena(
      tensors,
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
      1 << 20,
    );
    expect(layout?.slabBytes).toEqual([1024, 1024]);
  });

  test("a tensor above the buffer limit has no layout", () => {
    const tensor = { id: 0, byteLength: 1025, begin: 0, end: 0 };
    expect(layoutArena([tensor], [], 1024)).toBeUndefined();
    expect(layoutArena([{ ...tensor, byteLength: 1024 }], [], 1024)).toBeDefined();
    expect(layoutArena([{ ...tensor, byteLength: 1000 }], [], 1000)?.slabBytes, "a limit off the alignment").toEqual([1000]);
  });

  test("random schedules: no overlap in time and space, no shared slab in a dispatch, aligned, and within the limit", () => {
    const schedule = fc
      .array(fc.record({ bytes: fc.integer({ min: 1, max: 5000 }), begin: fc.nat(20), length: fc.nat(6) }), { maxLength: 30 })
      .chain((items) => {
        const id = fc.nat(Math.max(0, items.length - 1));
        return fc.tuple(fc.constant(items), fc.array(fc.tuple(id, id), { maxLength: 40 }));
      });
    fc.assert(
      fc.property(schedule, fc.integer({ min: 5000, max: 20_000 }), ([items, pairs], limit) => {
        const tensors = items.map(({ bytes, begin, length }, id) => ({ id, byteLength: bytes, begin, end: begin + length }));
        const conflicts = pairs.filter(([a, b]) => a !== b && a < items.length && b < items.length);
        const layout = layoutArena(tensors, conflicts, limit);
        expect(Math.max(...(layout?.slabBytes ?? []))).toBeLessThanOrEqual(limit);
        const at = (id: number) => layout?.placements.get(id) ?? { slab: -1, offset: -1 };
        for (const [a, b] of conflicts) expect(at(a).slab).not.toBe(at(b).slab);
        for (const a of tensors) {
          expect(at(a.id).offset % 256).toBe(0);
          expect(at(a.id).offset + a.byteLength).toBeLessThanOrEqual(layout?.slabBytes[at(a.id).slab] ?? 0);
          for (const b of tensors.slice(a.id + 1)) {
            const apart =
              at(a.id).slab !== at(b.id).slab ||
              a.end < b.begin ||
              b.end < a.begin ||
              at(a.id).offset + a.byteLength <= at(b.id).offset ||
              at(b.id).offset + b.byteLength <= at(a.id).offset;
            expect(apart).toBe(true);
          }
        }
      }),
    );
  });
});
