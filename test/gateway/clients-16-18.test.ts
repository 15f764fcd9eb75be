import { describeClients } from './clients/describe-clients.ts'

describeClients([16, 17, 18])
