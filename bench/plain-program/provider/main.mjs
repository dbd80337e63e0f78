// Resources without properties that never change.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import plugin from '@pulumi/pulumi/proto/plugin_pb.js';
import grpc from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import proto from '@pulumi/pulumi/proto/provider_pb.js';
import empty from 'google-protobuf/google/protobuf/empty_pb.js';

const inputsAsGiven = ({ request }, answer) => {
  const response = new proto.CheckResponse();
  response.setInputs(request.getNews());
  answer(null, response);
};
const unchanged = (_, answer) => {
  const response = new proto.DiffResponse();
  response.setChanges(proto.DiffResponse.DiffChanges.DIFF_NONE);
  answer(null, response);
};
const server = new Server();
server.addService(grpc.ResourceProviderService, {
  handshake: (_, answer) => answer(null, new proto.ProviderHandshakeResponse()),
  getPluginInfo: (_, answer) => {
    const info = new plugin.PluginInfo();
    info.setVersion('1.0.0');
    answer(null, info);
  },
  checkConfig: inputsAsGiven,
  diffConfig: unchanged,
  configure: (_, answer) => answer(null, new proto.ConfigureResponse()),
  check: inputsAsGiven,
  diff: unchanged,
  create: ({ request }, answer) => {
    const response = new proto.CreateResponse();
    response.setId(request.getUrn());
    response.setProperties(request.getProperties());
    answer(null, response);
  },
  delete: (_, answer) => answer(null, new empty.Empty()),
  cancel: (_, answer) => answer(null, new empty.Empty()),
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, port) => console.log(port));
process.stdin.on('end', () => process.exit(0)).resume();
