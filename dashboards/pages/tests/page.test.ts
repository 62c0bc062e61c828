import { describe, expect, it } from 'vitest'

import { backoffMs } from '../src/live/backoff'
import { freshness } from '../src/live/freshness'
import { readOptions, withOption } from '../src/options'
import { firstEvent } from '../src/wallboard/firstEvent'
import { WORDS } from '../src/words'

describe('the options of a page', () => {
  it('come from its address', () => {
    expect(readOptions('?lang=en&theme=light&tv=1', ['zh-CN'])).toEqual({
      language: 'en',
      theme: 'light',
      tv: true,
    })
  })

  it('are the browser’s language, dark, at a desk where nothing is said or what is said is unknown', () => {
    const usual = { language: 'zh', theme: 'dark', tv: false }
    expect(readOptions('', ['zh-TW', 'en'])).toEqual(usual)
    expect(readOptions('?lang=fr&theme=pink&tv=no', ['zh'])).toEqual(usual)
    expect(readOptions('', ['fr', 'en-GB', 'zh']).language).toBe('en')
    expect(readOptions('', ['fr']).language).toBe('zh')
  })

  it('change one at a time', () => {
    expect(withOption('?tv=1&lang=zh', 'lang', 'en')).toBe('?tv=1&lang=en')
  })
})

describe('backoff', () => {
  it('doubles from half a second to fifteen, and draws from the whole of it', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 60].map((n) => backoffMs(n, 1))).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000,
    ])
    expect(backoffMs(5, 0)).toBe(0)
  })
})

describe('freshness', () => {
  it('doubts after one missed tick and gives up after three', () => {
    expect([0, 7_000, 7_001, 15_000, 15_001].map(freshness)).toEqual([
      'fresh',
      'fresh',
      'late',
      'late',
      'lost',
    ])
  })
})

describe('the first event', () => {
  it.each(['zh', 'en'] as const)('is written for where the page came from (%s)', (language) => {
    const ways = firstEvent('https://desk.example:8443', WORDS[language].firstRun.sampleText)
    expect(ways.http).toContain('curl -sS https://desk.example:8443/v1/events')
    expect(ways.mqtt).toContain('-h desk.example ')
    expect(ways.websocket).toContain('connect("wss://desk.example:8443/v1/ingest")')
    // It is put between single quotes of a shell.
    expect(WORDS[language].firstRun.sampleText).not.toMatch(/['"\\$`]/)
  })
})
