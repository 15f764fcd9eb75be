// How files look: their length, their names, and words that must not stand in them.

import { describe, expect, it } from 'vitest'
import { codeFiles, isTest, read, textFiles } from './sources.ts'

const MAX_LINES = 350
const VAGUE_NAME = /(?:^|[/-])(?:utils?|helpers?|commons?|managers?|misc)(?:[/.-]|$)/

// Written in pieces, so that this file doesn't hold what it forbids.
const words = (...pieces: readonly string[]): RegExp => new RegExp(pieces.join(''), 'i')
const UNFINISHED: readonly RegExp[] = [
  words('\\bTO', 'DO\\b'),
  words('\\bFIX', 'ME\\b'),
  words('\\bXX', 'X\\b'),
  words('\\bfor ', 'now\\b'),
  words('\\bnot (?:yet )?', 'implemented\\b'),
]
/** Paths of one machine, and hosts of one registry: neither means anything elsewhere. */
const LOCAL: readonly RegExp[] = [
  words('/wor', 'k/(?:main|shared)'),
  words('/tmp/', 'plan\\b'),
  words('/ro', 'ot/'),
  words('registry\\.', 'npmjs\\.org'),
  words('registry\\.', 'yarnpkg\\.com'),
  words('(?:repo1?\\.maven|', 'repo\\.maven\\.apache)\\.'),
  words('files\\.python', 'hosted\\.org'),
  words('proxy\\.go', 'lang\\.org'),
]
const HIDDEN_TEST = words('\\b(?:it|test|describe|suite)\\s*\\.\\s*(?:on', 'ly|sk', 'ip|to', 'do|fa', 'ils)\\b')

const found = (files: readonly string[], patterns: readonly RegExp[]): readonly string[] =>
  files.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) => (patterns.some((pattern) => pattern.test(line)) ? [`${file}:${index + 1}`] : [])),
  )

describe('text', () => {
  it(`has no code file above ${MAX_LINES} lines`, () => {
    const long = codeFiles().filter((file) => read(file).trimEnd().split('\n').length > MAX_LINES)
    expect(long).toEqual([])
  })

  it('says in a name what lives there', () => {
    expect(codeFiles().filter((file) => VAGUE_NAME.test(file))).toEqual([])
  })

  it('holds nothing unfinished', () => {
    expect(found(codeFiles(), UNFINISHED)).toEqual([])
  })

  it('names no path of one machine and no host of one registry', () => {
    expect(found(textFiles(), LOCAL)).toEqual([])
  })

  it('runs every test', () => {
    expect(found(codeFiles().filter(isTest), [HIDDEN_TEST])).toEqual([])
  })
})
