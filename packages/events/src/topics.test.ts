import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { cloudEventHeaders } from './cloud-events.ts'
import { frameCodec } from './codec.ts'
import { goldenSession } from './golden-session.ts'
import { MemorySchemaRegistry } from './memory-schema-registry.ts'
import { retentionOf, TOPIC_FACTS, TOPICS, type TopicName } from './topics.ts'

type Ref = { readonly $ref: string }
type Channel = {
  readonly address: TopicName
  readonly messages: Readonly<Record<string, Ref>>
  readonly bindings: { readonly kafka: { readonly topicConfiguration: Readonly<Record<string, unknown>> } }
}
type Operation = {
  readonly action: 'send' | 'receive'
  readonly channel: Ref
  readonly tags: readonly { readonly name: string }[]
}
type Message = {
  readonly name: string
  readonly payload: { readonly schema: Ref }
  readonly bindings: { readonly kafka: { readonly key: { readonly description: string } } }
}
type AsyncApi = {
  readonly asyncapi: string
  readonly channels: Readonly<Record<string, Channel>>
  readonly operations: Readonly<Record<string, Operation>>
  readonly components: {
    readonly messages: Readonly<Record<string, Message>>
    readonly schemas: {
      readonly cloudEventHeaders: { readonly properties: object; readonly required: readonly string[] }
    }
  }
}

const readAsyncApi = async (): Promise<AsyncApi> =>
  parse(await readFile(new URL('../../../schemas/asyncapi.yaml', import.meta.url), 'utf8'))

const nameOf = ({ $ref }: Ref): string => $ref.split('/').at(-1) as string

describe('schemas/asyncapi.yaml', () => {
  it('has the topics of the code, and no others', async () => {
    const { asyncapi, channels } = await readAsyncApi()
    expect(asyncapi).toMatch(/^3\./)
    expect(Object.fromEntries(Object.entries(channels).map(([name, { address }]) => [name, address]))).toEqual(TOPICS)
  })

  it.each(Object.entries(TOPICS))('says of %s what the code says', async (name, topic) => {
    const { channels, operations, components } = await readAsyncApi()
    const facts = TOPIC_FACTS[topic]
    const channel = channels[name] as Channel
    const settings = channel.bindings.kafka.topicConfiguration
    expect(settings['cleanup.policy']).toEqual([facts.cleanup])
    expect(settings['retention.ms'] ?? null).toBe(facts.retentionMs)
    const messages = Object.values(channel.messages).map((ref) => components.messages[nameOf(ref)] as Message)
    expect(messages.map((message) => [message.name, nameOf(message.payload.schema)])).toEqual([
      [facts.record, facts.schemaFile],
    ])
    const services = (action: Operation['action']) =>
      Object.values(operations)
        .filter((operation) => operation.action === action && nameOf(operation.channel) === name)
        .flatMap(({ tags }) => tags.map((tag) => tag.name))
    expect(services('send')).toEqual(facts.writtenBy)
    expect(services('receive')).toEqual(facts.readBy)
    expect(messages.map((message) => message.bindings.kafka.key.description)).toEqual([facts.key])
  })

  it('names the headers that records have', async () => {
    const { cloudEventHeaders: described } = (await readAsyncApi()).components.schemas
    const [frame] = goldenSession(await frameCodec(new MemorySchemaRegistry()))
    const header = { ...(frame as NonNullable<typeof frame>).header, trace: '00-1-2-01' }
    const headers = Object.keys(JSON.parse(cloudEventHeaders(header)))
    expect(Object.keys(described.properties)).toEqual(expect.arrayContaining(headers))
    expect(headers).toHaveLength(Object.keys(described.properties).length)
    expect(described.required).toEqual(headers.filter((name) => name !== 'traceparent'))
  })
})

describe('the retention of topics', () => {
  it('is named for those that are kept for a time, and not for those that are compacted', () => {
    expect(retentionOf(TOPICS.decisions, TOPICS.policies)).toEqual({ [TOPICS.decisions]: 7 * 24 * 3_600_000 })
  })
})
