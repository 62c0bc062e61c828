import { describe, expect, it } from 'vitest'

import { mine, PopUp } from '../src/agent/mine'
import { fold, type Board } from '../src/live/board'
import { readFrame, type Snapshot } from '../src/live/frames'
import type { Row } from '../src/waits/view'
import { NOON_MS, at, row, snapshot } from './feed'

/** The rows of lin: buyers who have waited so long, and at which steps people were told of them. */
function rows(waits: Record<string, readonly string[]>, seconds = 95): readonly Row[] {
  const told = Object.entries(waits).map(([id, steps]) =>
    row(id, {
      agent: 'lin',
      waiting_since: at(-seconds),
      alert: { claimed_by: null, told: steps.map((to) => ({ step: '1s', to, decided_at: at(-1) })) },
    }),
  )
  const board = fold(null, readFrame(JSON.stringify(snapshot(told))) as Snapshot) as Board
  return mine(board, NOON_MS, 'lin')
}

const ids = (found: readonly Row[]): string[] => found.map((one) => one.wait.id).sort()

describe('the pop-up', () => {
  it('comes when the ladder says so, whatever second that is', () => {
    const popUp = new PopUp()
    popUp.see([])
    expect(popUp.see(rows({ a: ['panel'] }))).toEqual([])
    expect(ids(popUp.see(rows({ a: ['panel', 'popup'] }, 20)))).toEqual(['a'])
  })

  it('names all of them when one is new, and then is still', () => {
    const popUp = new PopUp()
    popUp.see([])
    popUp.see(rows({ a: ['popup'] }))
    expect(ids(popUp.see(rows({ a: ['popup'], b: ['popup'], c: ['panel'] })))).toEqual(['a', 'b'])
    expect(popUp.see(rows({ a: ['popup'], b: ['popup'], c: ['panel'] }))).toEqual([])
  })

  it('says nothing of what was there when the page was opened', () => {
    expect(new PopUp().see(rows({ a: ['popup'] }))).toEqual([])
  })
})
