// Names of what a command touched: `connection/schema.relation`, the connection and the schema where they are known.

export type ObjectName = { readonly schema: string; readonly relation: string }

export function objectName(resource: string): ObjectName {
  const path = resource.slice(resource.indexOf('/') + 1)
  const dot = path.lastIndexOf('.')
  return dot < 0 ? { schema: '', relation: path } : { schema: path.slice(0, dot), relation: path.slice(dot + 1) }
}

/** The object with its connection before it. */
export function withConnection(connection: string, object: string): string {
  return object.includes('/') ? object : `${connection}/${object}`
}
