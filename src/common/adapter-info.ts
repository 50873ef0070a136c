// What a browser says of an adapter, and whether a program stands in for a GPU: the engine computes otherwise on those, and the page says so.
// Chrome before 127 says nothing.

export interface AdapterInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly isSoftware: boolean;
  readonly subgroupMinSize: number | undefined;
}

export function adapterInfo({ info = {} }: { readonly info?: Partial<GPUAdapterInfo> }): AdapterInfo {
  const { vendor = "", architecture = "", device = "", description = "", isFallbackAdapter = false, subgroupMinSize } = info;
  const isSoftware = isFallbackAdapter || isSoftwareGpu(`${vendor} ${architecture} ${device} ${description}`);
  return { vendor, architecture, device, description, isSoftware, subgroupMinSize };
}

/** Whether an adapter's name is that of a program that stands in for a GPU. */
export function isSoftwareGpu(name: string): boolean {
  return /swiftshader|llvmpipe|lavapipe|software|basic render/i.test(name);
}
