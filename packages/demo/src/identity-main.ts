/** The demo's OIDC provider as a supervised process. */
import { runService } from '@sluice/service'
import { startDemoProvider } from './identity/provider.ts'
import { readDemoSettings, textOf } from './settings.ts'

await runService('demo-identity', async ({ configFile }) => {
  const { identity, tls } = await readDemoSettings(configFile)
  const { agent, owner, admin } = identity.clientSecrets
  const provider = await startDemoProvider({
    port: identity.port,
    tls: { certificate: await textOf(tls.certificate), key: await textOf(tls.key) },
    signingKey: JSON.parse(await textOf(identity.signingKey)),
    cookieSecret: await textOf(identity.cookieSecret),
    clientSecrets: { agent: await textOf(agent), owner: await textOf(owner), admin: await textOf(admin) },
  })
  return { addresses: { identity: provider.issuer }, close: provider.close }
})
