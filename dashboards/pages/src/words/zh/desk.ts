import { common } from './common'

/** What the console and the agent's panel both say. */
export const desk = {
  ...common,
  suggestions: '推荐话术',
  noSuggestions: '没有合适的话术',
  replyCopied: (whom: string) => `已复制，发给 ${whom}`,
  holding: '安抚语',
  askBack: '追问',
  scoredLeft: (time: string) => `尾语计分 剩 ${time}`,
  scoredLate: '尾语计分 已超时',
  gone: '这次等待已结束。',
}

export type DeskWords = typeof desk
