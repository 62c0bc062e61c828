/** Knows which waits were about to miss already, so that one is told of when it comes to it, and not too often. */

export class SoonWatcher {
  private known: ReadonlySet<string> | null = null
  private lastMs = -Infinity

  constructor(private readonly everyMs: number) {}

  /** Return those that are new; none the first time, for what was so when the page opened is no news. */
  fresh(ids: readonly string[]): readonly string[] {
    const known = this.known
    this.known = new Set(ids)
    return known === null ? [] : ids.filter((id) => !known.has(id))
  }

  /** Return whether one has come to it, and long enough after the last time. */
  see(ids: readonly string[], nowMs: number): boolean {
    if (this.fresh(ids).length === 0 || nowMs - this.lastMs < this.everyMs) return false
    this.lastMs = nowMs
    return true
  }
}
