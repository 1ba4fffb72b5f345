/// Why a request cannot be taken.
package struct RequestError: Error, Equatable, Sendable {
    /// A sentence for the caller, without any part of the request.
    package let message: String
    /// The field at fault, where it is one.
    package let field: String?

    init(_ message: String, field: String? = nil) {
        self.message = message
        self.field = field
    }
}
