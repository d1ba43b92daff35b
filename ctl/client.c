/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the agent is, and what to tell a user who cannot reach it. The connection belongs to
 * struct ctl, so that "stop A B C" makes three calls over one.
 */
#include "client.h"

#include "base/str.h"
#include "ctl.h"
#include "rpc/client.h"

int client_parse_address(const char *address, const char **ret_path, struct eun_error *err)
{
	const char *path = address;

	if (eub_has_prefix(address, "unix://"))
		path = address + strlen("unix://");
	else if (eub_has_prefix(address, "unix:"))
		path = address + strlen("unix:");
	else if (*address != '/')
		path = "";
	if (!*path || (eub_has_prefix(address, "unix://") && *path != '/')) {
		(void)eun_error_set(err, -EINVAL, EUN_REASON_INVALID_ARGUMENT,
				    "'%.100s' is no address of an agent", address);
		eun_error_set_hint(err, "an address looks like %s", CLIENT_DEFAULT_ADDRESS);
		return -EINVAL;
	}
	*ret_path = path;
	return 0;
}

static const char *get_address(const struct ctl *ctl)
{
	const char *address = ctl->options.host;

	if (!address)
		address = getenv("EUNOMIA_HOST");
	return address && *address ? address : CLIENT_DEFAULT_ADDRESS;
}

int client_get_path(const struct ctl *ctl, const char **ret_path, struct eun_error *err)
{
	return client_parse_address(get_address(ctl), ret_path, err);
}

int client_connect(struct ctl *ctl, struct eun_error *err)
{
	const char *path;
	int r;

	if (ctl->client)
		return 0;
	r = client_get_path(ctl, &path, err);
	if (r < 0)
		return r;
	r = rpc_client_connect(path, &ctl->client, err);
	if (r < 0 && err->reason == EUN_REASON_PERMISSION)
		eun_error_set_hint(err, "root and members of the group 'eunomia' may use the "
					"agent");
	else if (r < 0 && err->reason == EUN_REASON_UNREACHABLE)
		eun_error_set_hint(err, "is eunomiad running? start it with 'systemctl start "
					"eunomiad', or name its socket with -H unix:///PATH");
	return r;
}

int client_call(struct ctl *ctl, const char *path, const ProtobufCMessage *request,
		const ProtobufCMessageDescriptor *reply, ProtobufCMessage **ret_reply,
		struct eun_error *err)
{
	int r = client_connect(ctl, err);

	if (r < 0)
		return r;
	return rpc_client_call(ctl->client, path, request, reply, ctl_get_call_timeout_ms(ctl),
			       ret_reply, err);
}

int client_open_stream(struct ctl *ctl, const char *path, const ProtobufCMessage *request,
		       const ProtobufCMessageDescriptor *reply, struct eun_error *err)
{
	int r = client_connect(ctl, err);

	if (r < 0)
		return r;
	return rpc_client_open_stream(ctl->client, path, request, reply, err);
}

void client_close(struct ctl *ctl)
{
	ctl->client = rpc_client_free(ctl->client);
}
