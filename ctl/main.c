/* SPDX-License-Identifier: Apache-2.0 */
/* eunomiactl: everything is in ctl_main(), so that tests can run command lines too. */
#include "ctl.h"

int main(int argc, char **argv)
{
	return (int)ctl_main((size_t)argc, (const char *const *)argv);
}
