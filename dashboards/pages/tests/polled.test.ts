import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref, type EffectScope } from 'vue'

import { usePolled, type Polled } from '../src/api/usePolled'

/** Questions under way: a test answers them when and as it likes. */
let asked: { path: string; answer: (status: number, body: unknown) => void; cut: () => void }[]
let page: { visibilityState: string; listeners: (() => void)[] }
let scope: EffectScope

beforeEach(() => {
  vi.useFakeTimers()
  asked = []
  page = { visibilityState: 'visible', listeners: [] }
  scope = effectScope()
  vi.stubGlobal('window', globalThis)
  vi.stubGlobal('document', {
    get visibilityState() {
      return page.visibilityState
    },
    addEventListener: (_: string, listener: () => void) => page.listeners.push(listener),
    removeEventListener: (_: string, listener: () => void) => {
      page.listeners = page.listeners.filter((one) => one !== listener)
    },
  })
  vi.stubGlobal(
    'fetch',
    (path: string) =>
      new Promise((resolve, reject) => {
        asked.push({
          path,
          answer: (status, body) => {
            resolve(new Response(JSON.stringify(body), { status }))
          },
          cut: () => {
            reject(new TypeError('Failed to fetch'))
          },
        })
      }),
  )
})

afterEach(() => {
  scope.stop()
  expect(page.listeners).toEqual([])
  vi.clearAllTimers()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const polled = (path: () => string | null, everyMs = 5_000): Polled<number> =>
  scope.run(() => usePolled<number>(path, everyMs)) as Polled<number>
const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(1)

describe('what is asked again and again', () => {
  it('waits for a slow answer instead of asking over it, and shows it', async () => {
    const { answer } = polled(() => '/a')
    await vi.advanceTimersByTimeAsync(12_000)
    expect(asked).toHaveLength(1)
    asked[0]?.answer(200, 1)
    await settle()
    expect(answer.value).toEqual({ state: 'ok', data: 1 })
    await vi.advanceTimersByTimeAsync(5_000)
    expect(asked).toHaveLength(2)
  })

  it('keeps the last good answer, says that it is not of now, and takes that back', async () => {
    const { answer, fault } = polled(() => '/a')
    asked[0]?.answer(200, 1)
    await settle()
    expect(fault.value).toBeNull()
    await vi.advanceTimersByTimeAsync(5_000)
    asked[1]?.cut()
    await settle()
    expect([answer.value, fault.value]).toEqual([{ state: 'ok', data: 1 }, ''])
    await vi.advanceTimersByTimeAsync(5_000)
    asked[2]?.answer(200, 2)
    await settle()
    expect([answer.value, fault.value]).toEqual([{ state: 'ok', data: 2 }, null])
  })

  it('asks soon again after a failure, however seldom it asks', async () => {
    polled(() => '/a', 300_000)
    asked[0]?.answer(503, { error: 'busy' })
    await vi.advanceTimersByTimeAsync(5_001)
    asked[1]?.answer(200, 1)
    await vi.advanceTimersByTimeAsync(200_000)
    expect(asked).toHaveLength(2)
  })

  it('takes no answer to another question for one to this', async () => {
    const what = ref('a')
    const { answer } = polled(() => `/${what.value}`)
    asked[0]?.answer(200, 1)
    await settle()
    what.value = 'b'
    await nextTick()
    expect(answer.value).toBeNull()
    what.value = 'c'
    await nextTick()
    expect(asked.map(({ path }) => path)).toEqual(['/a', '/b', '/c'])
    asked[2]?.answer(200, 3)
    await settle()
    asked[1]?.answer(200, 2)
    await settle()
    expect(answer.value).toEqual({ state: 'ok', data: 3 })
  })

  it('asks nothing while nobody looks, and at once when somebody does', async () => {
    polled(() => '/a')
    asked[0]?.answer(200, 1)
    await settle()
    page.visibilityState = 'hidden'
    await vi.advanceTimersByTimeAsync(60_000)
    expect(asked).toHaveLength(1)
    page.visibilityState = 'visible'
    for (const listener of page.listeners) listener()
    expect(asked).toHaveLength(2)
  })
})
