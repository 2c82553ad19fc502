// SPDX-License-Identifier: Apache-2.0
import ChaosModel

/// Bodies as trees.
enum ResourceBody {
    static let objectTypes = ["application/json", "application/yaml", KubernetesProtobuf.mediaType]

    /// The document of a body. Throws 415 for another type, and a bad request for what cannot be read.
    static func read(_ request: APIRequest) throws(StatusError) -> ManifestNode {
        let type = mediaType(request.contentType)
        if type == KubernetesProtobuf.mediaType { return try KubernetesProtobuf.read(request.body) }
        do throws(ValidationFailure) {
            switch type {
            case "", "application/json": return try JSONDocument.read(request.body)
            case "application/yaml", "application/x-yaml", "text/yaml":
                return try JSONDocument.readYAML(request.body)
            default: break
            }
        } catch {
            throw .badRequest("the body cannot be read: \(error.description)")
        }
        throw .unsupportedMediaType(type, accepted: objectTypes)
    }

    /// The type without its parameters.
    static func mediaType(_ header: String) -> String {
        String(header.prefix { $0 != ";" }).trimmed.lowercased()
    }

    /// A resource from a checked tree, or all that is wrong with it.
    static func resource(
        _ tree: ManifestNode, _ resource: ServedResource, zones: TimeZoneNames
    ) throws(StatusError) -> ManifestDocument {
        do throws(ValidationFailure) {
            return try ManifestReader.document(from: tree, zones: zones)
        } catch {
            throw .invalid(resource, tree.at(["metadata", "name"])?.text ?? "", error)
        }
    }
}
