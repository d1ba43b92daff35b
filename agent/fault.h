/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Faults at named steps, for tests. Builds without EUNOMIA_FAULTS (fault_none.c) look at no
 * environment and never fail here.
 */
#pragma once

/**
 * fault_point() - the place before one step of what must survive a crash at any step
 * @step: its name, static: "state-rename"
 *
 * Does what EUNOMIA_FAULT asks for at this step (fault.c says how). Any thread.
 *
 * Return: 0; the negative errno that the step shall fail with instead of being done.
 */
int fault_point(const char *step);
