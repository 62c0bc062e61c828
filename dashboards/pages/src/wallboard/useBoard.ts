/** The live board as Vue sees it: one value, replaced whole when a frame comes and when a second has passed. */

import { onScopeDispose, shallowRef, type Ref, type ShallowRef } from 'vue'

import { LiveConnection, type Line, type Socket, type Surroundings } from '../live/connection'
import type { Counts } from '../live/frames'
import { freshness, type Freshness } from '../live/freshness'
import { viewOf, type View } from '../waits/view'

/** Long enough that a page which stays of the wrong version, behind some cache, does no harm by trying. */
const RELOAD_AFTER_MS = 15_000

export interface Shown {
  readonly line: Line
  readonly attempts: number
  readonly freshness: Freshness
  readonly silentMs: number
  /** The instant the board shows: the server's now, or where the data stopped once the line is lost. */
  readonly nowMs: number | null
  /** Null until the first snapshot. */
  readonly board: { readonly view: View; readonly counts: Counts; readonly demo: boolean } | null
}

export function useBoard(rowsMax: Ref<number>): ShallowRef<Shown> {
  const connection = new LiveConnection(browserSurroundings(), draw)
  const shown = shallowRef<Shown>(shownNow(connection, rowsMax.value))
  let build: string | null = null
  let timer = 0
  let reloadTimer = 0

  function draw(): void {
    const told = connection.board
    if (told !== null) {
      build ??= told.build
      // The server was updated: this page is of the old version, and nobody is at a TV to reload it.
      if (told.build !== build) window.location.reload()
    }
    if (connection.line === 'outdated' && reloadTimer === 0) {
      reloadTimer = window.setTimeout(() => {
        window.location.reload()
      }, RELOAD_AFTER_MS)
    }
    shown.value = shownNow(connection, rowsMax.value)
  }

  function drawEverySecond(): void {
    draw()
    // Just past the server's next full second, so that all screens of a hall change together.
    const nowMs = connection.clock.now() ?? 0
    timer = window.setTimeout(drawEverySecond, 1005 - (nowMs % 1000))
  }

  connection.start()
  drawEverySecond()
  onScopeDispose(() => {
    window.clearTimeout(timer)
    window.clearTimeout(reloadTimer)
    connection.stop()
  })
  return shown
}

function shownNow(connection: LiveConnection, rowsMax: number): Shown {
  const silentMs = connection.silentMs() ?? 0
  const fresh = freshness(silentMs)
  const nowMs = fresh === 'lost' ? connection.confirmedAtMs() : connection.clock.now()
  const told = connection.board
  return {
    line: connection.line,
    attempts: connection.attempts,
    freshness: fresh,
    silentMs,
    nowMs,
    board:
      told === null || nowMs === null
        ? null
        : { view: viewOf(told, nowMs, rowsMax), counts: told.counts, demo: told.demo },
  }
}

function browserSurroundings(): Surroundings {
  return {
    connect: () => {
      const scheme = window.location.protocol === 'https:' ? 'wss:' : 'ws:'
      return new WebSocket(`${scheme}//${window.location.host}/v1/live`) as Socket
    },
    monotonicMs: () => performance.now(),
    random: () => Math.random(),
    later: (ms, action) => {
      const id = window.setTimeout(action, ms)
      return () => {
        window.clearTimeout(id)
      }
    },
  }
}
