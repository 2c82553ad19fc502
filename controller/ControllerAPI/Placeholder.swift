// SPDX-License-Identifier: Apache-2.0
internal import Hummingbird
internal import HummingbirdHTTP2
internal import HummingbirdTLS
internal import NIOSSL
