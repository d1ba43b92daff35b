#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""gRPC's own Python client, which knows nothing but the reflection service, against proto/rpc.

test_grpcio.py SERVER: runs SERVER (rpc_test_server) at a private socket. Exit status 77 without
grpcio.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

try:
    import grpc
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)

SERVER = sys.argv.pop(1)


def message_class(pool, name):
    descriptor = pool.FindMessageTypeByName(name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


def reflection_pool():
    """The reflection service's own messages, written by hand: no generated code is needed."""
    file = descriptor_pb2.FileDescriptorProto(name="reflection.proto", package="r", syntax="proto3")
    field = descriptor_pb2.FieldDescriptorProto

    def add(name, fields):
        message = file.message_type.add(name=name)
        for number, (field_name, kind, repeated, type_name) in fields.items():
            message.field.add(name=field_name, number=number, type=kind, type_name=type_name,
                              label=field.LABEL_REPEATED if repeated else field.LABEL_OPTIONAL)

    add("Request", {3: ("file", field.TYPE_STRING, False, None),
                    4: ("symbol", field.TYPE_STRING, False, None),
                    7: ("list", field.TYPE_STRING, False, None)})
    add("Files", {1: ("data", field.TYPE_BYTES, True, None)})
    add("Service", {1: ("name", field.TYPE_STRING, False, None)})
    add("Services", {1: ("service", field.TYPE_MESSAGE, True, ".r.Service")})
    add("Error", {1: ("code", field.TYPE_INT32, False, None),
                  2: ("text", field.TYPE_STRING, False, None)})
    add("Response", {4: ("files", field.TYPE_MESSAGE, False, ".r.Files"),
                     6: ("services", field.TYPE_MESSAGE, False, ".r.Services"),
                     7: ("error", field.TYPE_MESSAGE, False, ".r.Error")})
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool


REFLECTION = reflection_pool()
Request = message_class(REFLECTION, "r.Request")
Response = message_class(REFLECTION, "r.Response")


class Server:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "socket")
        self.process = subprocess.Popen([SERVER, self.path], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def close(self):
        self.process.terminate()
        status = self.process.wait(timeout=30)
        self.process.stdout.close()
        self.folder.cleanup()
        return status


class Client:
    def __init__(self, path, options=()):
        self.channel = grpc.insecure_channel(f"unix:{path}", options=options)
        self.pool = descriptor_pool.DescriptorPool()

    def reflect(self, *requests, version="v1"):
        call = self.channel.stream_stream(
            f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
            request_serializer=Request.SerializeToString,
            response_deserializer=Response.FromString)
        return list(call(iter(requests)))

    def learn(self, symbol, version="v1"):
        for response in self.reflect(Request(symbol=symbol), version=version):
            for data in reversed(response.files.data):  # imports follow what imports them
                self.pool.AddSerializedFile(data)

    def message(self, full_name, /, **fields):
        return message_class(self.pool, full_name)(**fields)

    def method(self, path):
        service, name = path.strip("/").split("/")
        method = self.pool.FindServiceByName(service).FindMethodByName(name)
        proto = descriptor_pb2.MethodDescriptorProto()
        method.CopyToProto(proto)
        make = self.channel.unary_stream if proto.server_streaming else self.channel.unary_unary
        reply = message_class(self.pool, method.output_type.full_name)
        return make(path, request_serializer=lambda m: m.SerializeToString(),
                    response_deserializer=reply.FromString)


class TestGrpcio(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.client = Client(self.server.path)
        self.client.learn("eunomia.v1.Trackers")
        self.client.learn("grpc.health.v1.Health", version="v1alpha")
        self.get = self.client.method("/eunomia.v1.Trackers/Get")
        self.stream = self.client.method("/eunomia.v1.Events/Stream")

    def tearDown(self):
        self.client.channel.close()
        self.assertEqual(self.server.close(), 0)

    def slot(self, name):
        return self.client.message("eunomia.v1.SlotRequest", name=name)

    def assert_fails(self, status, name, **options):
        with self.assertRaises(grpc.RpcError) as caught:
            self.get(self.slot(name), **options)
        self.assertEqual(caught.exception.code(), status)
        return caught.exception

    def test_unary(self):
        for _ in range(100):
            self.assertEqual(self.get(self.slot("opensnoop")).slot.name, "opensnoop")
        self.assertEqual(len(self.get(self.slot("big/3000000")).slot.notes[0]), 3000000)

    def test_large_request(self):
        start = self.client.method("/eunomia.v1.Trackers/Start")
        request = self.client.message("eunomia.v1.StartRequest", name="a", package=b"x" * 3000000)
        self.assertEqual(start(request).slot.name, "a")

    def test_every_status(self):
        for status in grpc.StatusCode:
            if status is not grpc.StatusCode.OK:
                error = self.assert_fails(status, f"status/{status.value[0]}")
                self.assertEqual(error.details(), "as asked for")

    def test_details(self):
        error = self.assert_fails(grpc.StatusCode.FAILED_PRECONDITION, "reason/verifier")
        self.assertEqual(error.details(), "failed with 100% 'verifier' \u00e9")
        self.client.learn("google.rpc.Status")
        data = dict(error.trailing_metadata())["grpc-status-details-bin"]
        status = self.client.message("google.rpc.Status")
        status.ParseFromString(data)
        self.assertEqual(status.details[0].type_url,
                         "type.googleapis.com/eunomia.v1.ErrorDetail")
        detail = self.client.message("eunomia.v1.ErrorDetail")
        detail.ParseFromString(status.details[0].value)
        self.assertEqual((detail.reason, detail.subject), ("verifier", "the-subject"))
        self.assertIn("invalid access", detail.log)

    def test_unknown_method(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.client.channel.unary_unary("/a.B/C")(b"")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_request_over_the_limit(self):
        error = self.assert_fails(grpc.StatusCode.RESOURCE_EXHAUSTED, "x" * 5000000)
        self.assertIn("65536", error.details())

    def test_deadline(self):
        self.assert_fails(grpc.StatusCode.DEADLINE_EXCEEDED, "park", timeout=0.2)
        self.get(self.slot("after"))

    def test_compression(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.get(self.slot("x" * 5000), compression=grpc.Compression.Gzip)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_stream(self):
        request = self.client.message("eunomia.v1.StreamRequest", limit=20000)
        counts = [reply.lost.count for reply in self.stream(request)]
        self.assertEqual(counts, list(range(20000)))

    def test_cancel(self):
        call = self.stream(self.client.message("eunomia.v1.StreamRequest", limit=10**9))
        next(call)
        call.cancel()
        future = self.get.future(self.slot("park"))
        future.cancel()
        self.get(self.slot("after"))  # tearDown: the server has ended every call

    def test_many_at_once(self):
        futures = [self.get.future(self.slot(f"slot-{i}")) for i in range(1000)]
        names = [future.result().slot.name for future in futures]
        self.assertEqual(names, [f"slot-{i}" for i in range(1000)])

    def test_health(self):
        check = self.client.method("/grpc.health.v1.Health/Check")
        request = self.client.message("grpc.health.v1.HealthCheckRequest")
        self.assertEqual(check(request).status, 1)
        request.service = "nobody"
        with self.assertRaises(grpc.RpcError) as caught:
            check(request)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.NOT_FOUND)

    def test_reflection(self):
        for version in ("v1", "v1alpha"):
            listed, missing, file = self.client.reflect(
                Request(list="*"), Request(symbol="no.Such"),
                Request(file="google/rpc/status.proto"), version=version)
            self.assertIn("eunomia.v1.Events", [s.name for s in listed.services.service])
            self.assertEqual(missing.error.code, grpc.StatusCode.NOT_FOUND.value[0])
            self.assertEqual(len(file.files.data), 2)

    def test_stop_while_calls_run(self):
        watch = self.client.method("/grpc.health.v1.Health/Watch")
        states = watch(self.client.message("grpc.health.v1.HealthCheckRequest"))
        self.assertEqual(next(states).status, 1)
        call = self.stream(self.client.message("eunomia.v1.StreamRequest", limit=200000))
        next(call)
        self.server.terminate()
        self.assertEqual(sum(1 for _ in call), 199999)
        self.assertEqual([state.status for state in states], [2])
        self.assertEqual(self.server.process.wait(timeout=30), 0)
        self.assert_fails(grpc.StatusCode.UNAVAILABLE, "late")


def give_up():
    print("the test hangs", file=sys.stderr)
    os._exit(1)


if __name__ == "__main__":
    timer = threading.Timer(100, give_up)
    timer.daemon = True
    timer.start()
    unittest.main(verbosity=2)
