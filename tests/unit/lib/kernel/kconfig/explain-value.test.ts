import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readKconfig } from '../../../../../lib/kernel/kconfig/definitions.ts';
import { explainValue } from '../../../../../lib/kernel/kconfig/explain-value.ts';
import { evaluate, parseExpression } from '../../../../../lib/kernel/kconfig/expression.ts';

const files: Record<string, string> = {
  Kconfig: `mainmenu "Linux"
source "arch/$(SRCARCH)/Kconfig"
config EXPERT
	bool "Expert users"
	help
	  if NOTHING
	  config NOT_A_SYMBOL

config VT
	bool "Virtual terminal" if EXPERT
	default y
menu "Network"
	depends on NET
source "drivers/net/Kconfig"
endmenu
config NET
	bool "Networking"
choice
	prompt "Compression"
config KERNEL_GZIP
	bool "Gzip"
config KERNEL_XZ
	bool "XZ"
endchoice
`,
  'arch/x86/Kconfig': `config X86
	def_bool y
	select HAVE_THING if \\
		64BIT
config HAVE_THING
	bool
config CRC32
	tristate "CRC"
config EXT4_FS
	tristate "ext4"
	select CRC32
`,
  'drivers/net/Kconfig': `if NET_CORE
config VIRTIO_NET
	tristate "Virtio network"
	depends on VIRTIO && (PCI || MMIO) && $(cc-option,-Wx)
endif
config NET_CORE
	bool "Core"
`,
};
const tree = readKconfig((path) => files[path], 'x86');
const why = (symbol: string, requested: string, config: Record<string, string>) =>
  explainValue(tree, symbol, requested, (name) => config[name] ?? 'n');

test('expressions are evaluated with Kconfig’s precedence and three values', () => {
  const value = (name: string) => ({ A: 'y', B: 'm', S: 'text', N: '7' })[name] ?? 'n';
  const result = (text: string) => {
    const expression = parseExpression(text);
    assert.ok(expression, text);
    return evaluate(expression, value);
  };
  assert.equal(result('A && B'), 1);
  assert.equal(result('C || A && B'), 1);
  assert.equal(result('!(C || B)'), 1);
  assert.equal(result('S = "text" && N >= 5 && B != y'), 2);
  assert.equal(result('$(cc-option,-f(x)) && A'), undefined);
  assert.equal(result('C && $(cc-option,-f)'), 0);
  assert.equal(parseExpression('A &&'), undefined);
  assert.equal(parseExpression('A ? B'), undefined);
});

test('unmet dependencies are listed with the values of their symbols', () => {
  const config = { NET: 'y', VIRTIO: 'y', PCI: 'y' };
  assert.equal(why('VIRTIO_NET', 'y', config), 'it depends on NET_CORE (n)');
  assert.equal(
    why('VIRTIO_NET', 'y', { NET_CORE: 'y', VIRTIO: 'm' }),
    'it depends on NET (n) and VIRTIO (m) and PCI (n) || MMIO (n)',
  );
  assert.equal(why('VIRTIO_NET', 'm', { ...config, NET_CORE: 'y', VIRTIO: 'm' }), undefined);
});

test('a symbol that another one selects cannot be turned off', () => {
  assert.equal(why('CRC32', 'n', { CRC32: 'y', EXT4_FS: 'y' }), 'it is selected by EXT4_FS');
  assert.equal(
    why('HAVE_THING', 'y', { X86: 'y' }),
    'it has no prompt: it is set only if one of these selects it: X86',
  );
  assert.equal(why('X86', 'n', { X86: 'y' }), 'it has no prompt: Kconfig computes its value');
});

test('a hidden prompt, a bool, a choice and an unknown symbol are the reasons', () => {
  assert.equal(why('VT', 'n', { VT: 'y' }), 'it can be set only if EXPERT (n)');
  assert.equal(why('VT', 'm', { VT: 'y', EXPERT: 'y' }), 'it cannot be a module');
  assert.equal(why('KERNEL_XZ', 'y', { KERNEL_GZIP: 'y' }), 'another symbol of its choice is set');
  assert.equal(why('NOT_A_SYMBOL', 'y', {}), 'this version of the kernel has no such symbol');
});
