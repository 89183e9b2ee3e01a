/** This tab's JavaScript heap, where the browser tells. */

interface MemoryInfo {
  readonly usedJSHeapSize: number;
}

/** Bytes in use; null where it cannot be measured. */
export function heapBytes(): number | null {
  const { memory } = performance as Performance & { readonly memory?: MemoryInfo };
  return memory?.usedJSHeapSize ?? null;
}
