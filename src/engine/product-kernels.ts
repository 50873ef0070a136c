// Which kernels of matrix products these are: what was measured of others says nothing of them.

/** Another one whenever their WGSL or their tiles are. golden.test.ts says which. */
export const PRODUCT_KERNELS = "583457a8";
