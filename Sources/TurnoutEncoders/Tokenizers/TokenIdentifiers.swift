import TurnoutCore

/// The ids of tokens by their texts as the file writes them: the model's own and the added ones.
struct TokenIdentifiers: Sendable {
    /// Looks in the model.
    private let model: @Sendable ([UInt8]) -> Int32
    private var added: [String: Int32] = [:]
    /// One more than the largest id.
    private(set) var vocabularyCount: Int
    /// How many different tokens the model has; new ids of added tokens begin there.
    let tokenCount: Int

    init(vocabularyCount: Int, tokenCount: Int, model: @escaping @Sendable ([UInt8]) -> Int32) {
        self.vocabularyCount = vocabularyCount
        self.tokenCount = tokenCount
        self.model = model
    }

    func id(of token: String) -> Int32? {
        if let id = added[token] { return id }
        let id = model(Array(token.utf8))
        return id >= 0 ? id : nil
    }

    mutating func add(_ token: String, id: Int32) {
        added[token] = id
        include(id)
    }

    /// Makes sure that an id counts, whether or not a token is known for it.
    mutating func include(_ id: Int32) { vocabularyCount = max(vocabularyCount, Int(id) + 1) }
}
