// SPDX-License-Identifier: Apache-2.0
import FoundationEssentials

@testable import AWS

/// A stored answer, and the doors through which services read one.
enum ServiceFixture {
    static func bytes(_ name: String) throws -> [UInt8] {
        let path = "\(Repository.root)/Tests/AWSTests/Fixtures/services/\(name).xml"
        return Array(try Data(contentsOf: URL(filePath: path)))
    }

    static func reply(_ body: [UInt8]) -> AWSReply {
        AWSReply(status: 200, headers: [], body: body, requestID: "r-0", begun: 0, ended: 1, attempts: 1)
    }

    static let call = AWSCall.read(.ec2, "DescribeInstances", QueryForm())

    static func page<Item: XMLDecodable>(
        _ body: [UInt8], _ shape: ReplyShape, of type: Item.Type = Item.self
    ) throws(AWSError) -> Page<Item> {
        try reply(body).page(of: call, shape)
    }
}
