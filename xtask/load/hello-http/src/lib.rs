//! Answers `{"hello":"world"}` to every request: what `functions/hello` answers, as a `wasi:http` component.
//!
//! Rebuild: `cargo build --release --target wasm32-wasip2` here, then copy the module over `hello-http.wasm`.

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

struct Hello;

impl Guest for Hello {
    fn handle(_request: IncomingRequest, answer: ResponseOutparam) {
        let response = OutgoingResponse::new(Fields::new());
        let body = response.body().expect("a new response has its body still");
        ResponseOutparam::set(answer, Ok(response));
        let stream = body.write().expect("a new body has its stream still");
        stream
            .blocking_write_and_flush(br#"{"hello":"world"}"#)
            .expect("the host takes the body");
        drop(stream);
        OutgoingBody::finish(body, None).expect("the host takes the end of the body");
    }
}

wasip2::http::proxy::export!(Hello);
