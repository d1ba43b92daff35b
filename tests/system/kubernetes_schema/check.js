// SPDX-License-Identifier: Apache-2.0
// check.js MODULES FILE: checks a JSON array of Kubernetes objects against the API's schemas, values
// by the validators of kubernetes-models, and by its types that no field is unknown: the validators
// let unknown ones pass. Prints a line for each mistake; exit status 1 if there is one.
"use strict";
const fs = require("fs");
const path = require("path");

const [modules, file] = process.argv.slice(2);
const load = (name) => require(path.join(modules, "node_modules", name));
const ts = load("typescript");
const objects = JSON.parse(fs.readFileSync(file, "utf8"));
const mistakes = [];

const moduleOf = (object) => `kubernetes-models/${object.apiVersion}`;

for (const object of objects) {
	try {
		const model = load(moduleOf(object))[object.kind];
		if (!model)
			throw new Error("no such kind");
		new model(object).validate();
	} catch (error) {
		mistakes.push(`${object.kind}: ${error.message}`);
	}
}

// The compiler refuses members of a literal that its type does not have, however deep.
const source = objects.map((object, i) =>
	`import type { I${object.kind} as T${i} } from "${moduleOf(object)}";\n` +
	`export const object${i}: T${i} = ${JSON.stringify(object, null, 1)};\n`).join("");
const name = path.join(modules, `check-${process.pid}.ts`);
fs.writeFileSync(name, source);
try {
	const program = ts.createProgram([name], {
		noEmit: true, strict: true, skipLibCheck: true, types: [],
		module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10,
	});
	for (const found of ts.getPreEmitDiagnostics(program))
		mistakes.push(ts.flattenDiagnosticMessageText(found.messageText, " "));
} finally {
	fs.unlinkSync(name);
}

for (const mistake of mistakes)
	console.log(mistake);
process.exit(mistakes.length ? 1 : 0);
