/**
 * The server's time, as well as a browser can know it.
 *
 * A TV's own clock is wrong by minutes, so it is never read. Each ping tells between which two moments the server
 * looked at its clock; the quickest of the last eight is the best one, and `performance.now()` carries it on.
 */

const KEPT = 8

/** A frame this much newer than our estimate shows that the estimate is behind (the laptop slept). */
const BEHIND_MS = 250

interface Sample {
  readonly roundTripMs: number
  readonly offsetMs: number
}

export class ServerClock {
  private samples: Sample[] = []
  /** From a frame's own `now`: late by the time it travelled. Used until the first pong. */
  private roughOffsetMs: number | null = null
  private doubted = false

  constructor(private readonly monotonicMs: () => number) {}

  /**
   * Another server may answer after a reconnect: the first that it says replaces all that was known. Until then time
   * runs on as it did, for a page without a time would be blank in between.
   */
  doubt(): void {
    this.doubted = true
  }

  /** A ping sent at `sentMs` (monotonic) was answered just now with the server's time. */
  pong(sentMs: number, serverNowMs: number): void {
    const receivedMs = this.monotonicMs()
    const roundTripMs = receivedMs - sentMs
    if (roundTripMs < 0) return
    if (this.doubted) this.samples = []
    this.doubted = false
    this.samples.push({ roundTripMs, offsetMs: serverNowMs - (sentMs + receivedMs) / 2 })
    if (this.samples.length > KEPT) this.samples.shift()
  }

  /** A frame with the server's time came in: no frame comes from the future. */
  heard(serverNowMs: number): void {
    const now = this.now()
    if (now === null || this.doubted || serverNowMs > now + BEHIND_MS) {
      this.samples = []
      this.doubted = false
      this.roughOffsetMs = serverNowMs - this.monotonicMs()
    }
  }

  /** The server's time in milliseconds since the epoch, or null before anything was heard. */
  now(): number | null {
    const offsetMs = this.offsetMs()
    return offsetMs === null ? null : this.monotonicMs() + offsetMs
  }

  private offsetMs(): number | null {
    let best: Sample | null = null
    for (const sample of this.samples) {
      if (best === null || sample.roundTripMs <= best.roundTripMs) best = sample
    }
    return best === null ? this.roughOffsetMs : best.offsetMs
  }
}
