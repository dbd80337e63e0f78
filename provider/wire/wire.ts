import struct from 'google-protobuf/google/protobuf/struct_pb.js';
import { isPlainObject } from '../../lib/base/differences.ts';
import { isSummarized, withWholeInputs } from '../../schema/summarized.ts';
import type { Properties } from '../resource.ts';
import { Secrets } from './secrets.ts';
import { isUnknown, unknown } from './unknown.ts';

// Pulumi's marks for values that JSON has no notation for (sdk/go/common/resource/sig).
const signatureKey = '4dabf18193072939515e22adb298388d';
const secretSignature = '1b47061264138c4ac30d75fd1eb44270';
const unknownSentinels = new Set([
  '04da6b54-80e4-46f7-96ec-b56ff0331ba9', // string, and what the SDKs send for every type
  '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7', // bool
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421', // number
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2', // array
  '030794c1-ac77-496b-92df-f27374a8bd58', // asset
  'e48ece36-62e2-4504-bad9-02848725956a', // archive
  'dd056dcd-154b-4c76-9bd3-c8f88648b5ff', // object
]);
const unknownSentinel = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';

export interface Decoded {
  properties: Properties;
  secrets: Secrets;
  /** Whether they were recorded with summaries; `properties` are whole. */
  summarized: boolean;
}

/** Engine to provider: plain values, with `unknown` for what is not known yet; secrets are listed apart. */
export function decode(message: struct.Struct | undefined): Decoded {
  const secrets = new Secrets();
  const path: (string | number)[] = [];
  const within = (step: string | number, value: struct.Value): unknown => {
    path.push(step);
    const plain = plainValue(value);
    path.pop();
    return plain;
  };
  const plainStruct = (fields: struct.Struct): unknown => {
    const plain: Properties = {};
    fields.getFieldsMap().forEach((value, key) => {
      plain[key] = within(key, value);
    });
    return plain;
  };
  const plainValue = (value: struct.Value): unknown => {
    if (value.hasStringValue()) {
      const text = value.getStringValue();
      return unknownSentinels.has(text) ? unknown : text;
    }
    if (value.hasBoolValue()) return value.getBoolValue();
    if (value.hasNumberValue()) return value.getNumberValue();
    if (value.hasListValue()) {
      return (value.getListValue()?.getValuesList() ?? []).map((item, index) => within(index, item));
    }
    const fields = value.hasStructValue() ? value.getStructValue() : undefined;
    if (!fields) return null;
    if (fields.getFieldsMap().get(signatureKey)?.getStringValue() !== secretSignature)
      return plainStruct(fields);
    const secret = fields.getFieldsMap().get('value');
    const plain = secret ? plainValue(secret) : null;
    secrets.add(path, plain);
    return plain;
  };
  const recorded = (message ? plainStruct(message) : {}) as Properties;
  return { properties: withWholeInputs(recorded), secrets, summarized: isSummarized(recorded) };
}

/** Provider to engine. `undefined` members are left out. */
export function encode(properties: Properties, secrets = new Secrets()): struct.Struct {
  const path: (string | number)[] = [];
  const within = (step: string | number, value: unknown, secretToo: boolean): struct.Value => {
    path.push(step);
    const message = messageOf(value, secretToo);
    path.pop();
    return message;
  };
  const structOf = (value: object, secretToo: boolean): struct.Struct => {
    const message = new struct.Struct();
    const fields = message.getFieldsMap();
    for (const [key, item] of Object.entries(value)) {
      if (item !== undefined) fields.set(key, within(key, item, secretToo));
    }
    return message;
  };
  // Inside of a secret nothing is marked as secret again.
  const messageOf = (value: unknown, secretToo: boolean): struct.Value => {
    const message = new struct.Value();
    if (secretToo && secrets.covers(path, value)) {
      const marked = new struct.Struct();
      marked.getFieldsMap().set(signatureKey, text(secretSignature));
      marked.getFieldsMap().set('value', messageOf(value, false));
      message.setStructValue(marked);
    } else if (isUnknown(value)) message.setStringValue(unknownSentinel);
    else if (typeof value === 'string') message.setStringValue(value);
    else if (typeof value === 'boolean') message.setBoolValue(value);
    else if (typeof value === 'number') message.setNumberValue(value);
    else if (Array.isArray(value)) {
      const list = new struct.ListValue();
      list.setValuesList(value.map((item, index) => within(index, item ?? null, secretToo)));
      message.setListValue(list);
    } else if (isPlainObject(value)) message.setStructValue(structOf(value, secretToo));
    else message.setNullValue(struct.NullValue.NULL_VALUE);
    return message;
  };
  return structOf(properties, !secrets.empty);
}

function text(value: string): struct.Value {
  const message = new struct.Value();
  message.setStringValue(value);
  return message;
}
