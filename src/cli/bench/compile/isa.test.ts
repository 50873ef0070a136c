import { describe, expect, it } from "vitest";
import { readAssembly } from "./isa";

/** A slice of a product: two loads, each waited for separately, a barrier, and an inner loop of four multiply-adds. */
const ASSEMBLY = `==== NIR shader(s)
  BB9: not assembly
==== Assembly
BB0:
	s_mov_b32 s0, 0                    ; 000000000000: BE800080
BB1:
	buffer_load_b64 v[0:1], v2, s[0:3], 0 offen ; 000
	s_waitcnt vmcnt(0)                 ; 000
	buffer_load_b64 v[4:5], v2, s[0:3], 0 offen
	s_waitcnt vmcnt(0)
	ds_store_b64 v2, v[0:1]
	s_barrier
BB2:
	ds_load_b128 v[8:11], v3
	ds_load_2addr_b64 v[12:15], v3 offset1:2
	v_fmac_f32_e32 v20, v8, v12
	v_dual_fmac_f32 v21, v9, v13 :: v_dual_fmac_f32 v22, v10, v14
	v_fma_f32 v23, v11, v15, v23
	v_add_nc_u32_e32 v3, 16, v3
	s_cbranch_scc1 BB2
BB3:
	s_cbranch_scc1 BB1
BB4:
	s_endpgm
`;

describe("readAssembly", () => {
  it("finds the inner loop and its mix: a dual instruction holds two multiply-adds", () => {
    expect(readAssembly(ASSEMBLY).hot).toEqual({ multiplyAdds: 4, vector: 4, ldsBytes: 32 });
  });

  it("counts waits of a round of the loop around it", () => {
    expect(readAssembly(ASSEMBLY).serialLoads).toBe(2);
  });

  it("counts one wait for loads asked for together (control)", () => {
    const together = ASSEMBLY.replace("\ts_waitcnt vmcnt(0)                 ; 000\n", "");
    expect(readAssembly(together).serialLoads).toBe(1);
  });

  it("takes packed multiply-adds for two", () => {
    expect(readAssembly(ASSEMBLY.replace("v_fma_f32 v23", "v_pk_fma_f16 v23")).hot.multiplyAdds).toBe(5);
  });
});
