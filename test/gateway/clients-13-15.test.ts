import { describeClients } from './clients/describe-clients.ts'

describeClients([13, 14, 15])
